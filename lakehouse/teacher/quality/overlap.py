"""How much two texts have in common: ROUGE, and what one of them copies from the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakehouse.teacher.quality.words import FEW, runs


@dataclass(frozen=True)
class Rouge:
    """Precision: the share of the answer that the reference has; recall: of the reference that the answer has; each from 0 to 1."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def rouge_n(answer: Sequence[str], reference: Sequence[str], length: int) -> Rouge:
    """ROUGE-N (Lin, 2004): runs of ``length`` words, each counted as often as both have it. No stemming."""
    said, told = _counted(tuple(answer), length), _counted(tuple(reference), length)
    return _rouge((said & told).total(), said.total(), told.total())


def rouge_l(answer: Sequence[str], reference: Sequence[str]) -> Rouge:
    """ROUGE-L (Lin, 2004): the longest sequence of words that both have in this order, with others between them."""
    return _rouge(longest_common(answer, reference), len(answer), len(reference))


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How long the longest common subsequence is, by operations on whole rows as bits (Hyyrö, 2004)."""
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << at
    every = (1 << len(one)) - 1
    row = every
    for word in other:
        hit = row & places.get(word, 0)
        row = ((row + hit) | (row - hit)) & every
    return len(one) - row.bit_count()


def copied(answer: Sequence[str], document: Sequence[str], run: int) -> float:
    """The share of the answer's words that stand in a run of ``run`` words which the document has too.

    An answer with fewer words than a run is a copy when the document has it as a whole.
    """
    length = min(run, len(answer))
    if not length:
        return 0.0
    there = runs(document, length)
    covered = [False] * len(answer)
    for at in range(len(answer) - length + 1):
        if tuple(answer[at : at + length]) in there:
            covered[at : at + length] = [True] * length
    return sum(covered) / len(answer)


@lru_cache(maxsize=2 * FEW)
def _counted(found: tuple[str, ...], length: int) -> Counter[tuple[str, ...]]:
    return Counter(found[at : at + length] for at in range(len(found) - length + 1))


def _rouge(common: int, said: int, told: int) -> Rouge:
    return Rouge(common / said if said else 0.0, common / told if told else 0.0)
