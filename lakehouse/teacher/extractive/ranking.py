"""Which sentences tell the most: TextRank over TF-IDF, with maximal marginal relevance against saying the same twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from lakehouse.teacher.quality.words import words

Vector = npt.NDArray[np.float64]

# Of PageRank (Brin and Page, 1998), as TextRank has it (Mihalcea and Tarau, 2004).
DAMPING, ROUNDS, CLOSE = 0.85, 100, 1e-8
# How much telling counts against saying something new (Carbonell and Goldstein, 1998).
RELEVANCE = 0.7
# Beyond these digits the order in which a library sums would decide.
DIGITS = 9
# A temperature of 1 makes a sentence whose score is lower by this part of the best one's e times as seldom.
SCALE = 0.2


def similarities(sentences: Sequence[str]) -> Vector:
    """The cosine of each two sentences' TF-IDF vectors: a symmetric matrix, with zeros on its diagonal."""
    try:
        vectors = TfidfVectorizer(analyzer=words, sublinear_tf=True).fit_transform(sentences)
    except ValueError:
        # No sentence has a word.
        return np.zeros((len(sentences), len(sentences)))
    found: Vector = np.asarray((vectors @ vectors.T).todense(), dtype=np.float64)
    np.fill_diagonal(found, 0.0)
    return found


def text_rank(similar: Vector) -> Vector:
    """How telling each sentence is, from 0 to 1: how likely a reader is there who goes on to similar ones, by the likeliest."""
    count = len(similar)
    sums = similar.sum(axis=0)
    # From a sentence that is like no other, one goes anywhere.
    ways = np.divide(similar, sums, out=np.full_like(similar, 1 / count), where=sums > 0)
    ranks = np.full(count, 1 / count)
    for _ in range(ROUNDS):
        before = ranks
        ranks = (1 - DAMPING) / count + DAMPING * (ways @ ranks)
        if np.abs(ranks - before).sum() < CLOSE:
            break
    found: Vector = np.round(ranks / ranks.max(), DIGITS)
    return found


def chosen(
    ranks: Vector, similar: Vector, count: int, temperature: float, top_p: float, random: np.random.Generator
) -> list[int]:
    """Which ``count`` sentences are taken, in their order in the text.

    Args:
        ranks: how telling each is.
        similar: how like each two are.
        count: of fewer sentences, all.
        temperature: 0: always the best one next; above, one is drawn, the higher the more evenly.
        top_p: only from the best ones that together have this probability.
        random: where draws come from.
    """
    left, taken = list(range(len(ranks))), list[int]()
    while left and len(taken) < count:
        repeated = similar[np.ix_(left, taken)].max(axis=1) if taken else np.zeros(len(left))
        exact: Vector = RELEVANCE * ranks[left] - (1 - RELEVANCE) * repeated
        scores: Vector = exact.round(DIGITS)
        at = int(scores.argmax()) if temperature == 0 else _drawn(scores, temperature, top_p, random)
        taken.append(left.pop(at))
    return sorted(taken)


def _drawn(scores: Vector, temperature: float, top_p: float, random: np.random.Generator) -> int:
    weights = np.exp((scores - scores.max()) / (SCALE * temperature))
    # Best first; of equals the earlier one.
    order = np.argsort(-weights, kind="stable")
    shares = weights[order] / weights.sum()
    kept = int(np.searchsorted(np.cumsum(shares), top_p - 1e-12)) + 1
    shares = shares[:kept] / shares[:kept].sum()
    return int(order[min(int(np.searchsorted(np.cumsum(shares), random.random(), side="right")), len(shares) - 1)])
