"""How the documents are spread over the bins of a measure, and over values such as languages."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Row = dict[str, Any]

BINS = 20
# Lengths differ by powers of ten.
LOGARITHMIC = frozenset({"characters", "words"})
SHARES = frozenset(
    ("language_share", "quality", "alphabetic_words", "bullet_lines", "ellipsis_lines", "repeated_lines", "repeated_ngrams",
     "grade")
)  # fmt: skip
# The values that most documents have; the others are one bin.
MOST_VALUES = 30
OTHERS = "(others)"
NONE = "(none)"


def row(measure: str, at: int, documents: int, kept: int, **limits: Any) -> Row:
    """A row of the profile, without its day."""
    return {"measure": measure, "bin": at, "low": None, "high": None, "value": None, **limits} | {
        "documents": int(documents),
        "kept": int(kept),
    }


def edges(measure: str, values: Floats) -> Floats:
    """The edges of the bins of a measure: shares from 0 to 1, lengths by equal factors, others by equal steps.

    Args:
        measure: its name.
        values: at least one.
    """
    if measure in SHARES:
        return np.linspace(0, 1, BINS + 1)
    least, greatest = float(values.min()), float(values.max())
    if measure in LOGARITHMIC:
        # Whole numbers, each once. A text of signs alone may have no word.
        steps = np.unique(np.floor(np.geomspace(max(least, 1), max(greatest + 1, 2), BINS + 1)))
        return np.concatenate([[0.0], steps]) if least < 1 else steps
    if np.all(values == np.floor(values)) and greatest - least < 2 * BINS:
        return np.arange(least, greatest + 2)
    if least == greatest:
        return np.array([least, least + 1])
    return np.linspace(least, greatest, BINS + 1)


def binned(measure: str, values: Floats, kept: Mask) -> Iterator[Row]:
    """The bins of a measure with the documents in each, those without a value left out. Of the last bin both ends belong to it."""
    known = ~np.isnan(values)
    if not known.any():
        return
    values, kept = values[known], kept[known]
    ends = edges(measure, values)
    of_all, of_kept = np.histogram(values, ends)[0], np.histogram(values[kept], ends)[0]
    for at, (low, high) in enumerate(itertools.pairwise(ends)):
        yield row(measure, at, of_all[at], of_kept[at], low=float(low), high=float(high))


def by_value(measure: str, values: Sequence[str | None], kept: Mask) -> Iterator[Row]:
    """How many documents have each value, the most frequent first; many rare ones are one bin."""
    said = [value or NONE for value in values]
    of_all = Counter(said)
    of_kept = Counter(value for value, keep in zip(said, kept.tolist(), strict=True) if keep)
    ordered = sorted(of_all, key=lambda value: (-of_all[value], value))
    if len(ordered) > MOST_VALUES + 1:
        rare = ordered[MOST_VALUES:]
        of_all[OTHERS], of_kept[OTHERS] = sum(of_all[one] for one in rare), sum(of_kept[one] for one in rare)
        ordered = [*ordered[:MOST_VALUES], OTHERS]
    for at, value in enumerate(ordered):
        yield row(measure, at, of_all[value], of_kept[value], value=value)
