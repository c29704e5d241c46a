"""Drawn corpora of texts that are edited from one another, and near pairs among them by plain sets."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import combinations

from lakehouse.declaration.dataset_documents import Near
from tests.jobs import notes

BOILERPLATE = notes.text(999, 8)


def corpus(seed: int, size: int) -> list[str]:
    """Texts of which many are edited from earlier ones: cut, extended, shuffled, put into others, repeated, or of a few words."""
    dice = random.Random(seed)
    texts = [notes.text(dice.randrange(10**9), dice.randint(2, 12))]
    while len(texts) < size:
        texts.append(edit(dice, dice.choice(texts), texts))
    return texts


def edit(dice: random.Random, text: str, texts: Sequence[str]) -> str:
    """A text made of another one, of others, or of nothing."""
    sentences = text.split(". ")
    match dice.randrange(10):
        case 0:
            return " ".join(text.split()[: dice.randint(1, 60)])
        case 1:
            at = dice.randrange(len(sentences))
            return ". ".join(sentences[:at] + sentences[at + 1 :])
        case 2:
            return ". ".join([*sentences, notes.text(dice.randrange(10**9), dice.randint(1, 3))])
        case 3:
            return ". ".join(dice.sample(sentences, len(sentences)))
        case 4:
            return f"{notes.text(dice.randrange(10**9), 9)} {text} {dice.choice(texts)}"
        case 5:
            return text.upper().replace(" ", "  ")
        case 6:
            words = text.split() or ["z"]
            for _ in range(dice.randint(1, 4)):
                words[dice.randrange(len(words))] = dice.choice(("y", "x", "other"))
            return " ".join(words)
        case 7:
            return f"{BOILERPLATE} {text}"
        case 8:
            return " ".join(dice.choices(("so", "be", "it"), k=dice.randint(1, 4)))
        case _:
            return notes.text(dice.randrange(10**9), dice.randint(1, 12))


def runs(text: str, ngram: int) -> frozenset[tuple[str, ...]]:
    """The runs of words of an English text."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    width = min(ngram, len(words))
    return frozenset(tuple(words[at : at + width]) for at in range(len(words) - width + 1)) if width else frozenset()


def alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> tuple[float, float]:
    """Jaccard and containment of two sets of runs."""
    common = len(one & other)
    if not one or not other:
        return (1.0, 1.0) if one == other else (0.0, 0.0)
    return common / len(one | other), common / min(len(one), len(other))


def pairs(texts: Sequence[str], near: Near) -> dict[tuple[int, int], tuple[float, float]]:
    """The near pairs of texts, each compared with each, with Jaccard and containment."""
    sets = [runs(text, near.ngram) for text in texts]
    found = {(i, j): alike(sets[i], sets[j]) for i, j in combinations(range(len(texts)), 2)}
    return {pair: by for pair, by in found.items() if by[0] >= near.jaccard or by[1] >= near.containment}
