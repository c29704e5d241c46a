"""The score and the label of a row in one whole number, so that many rows are chosen and sorted as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation import blocks, bucket_sort

Floats = NDArray[np.float64]

# Numbers of half the size suffice for what trees predict; they are sorted in two thirds of the time.
SIZES = ((np.float32, np.uint32), (np.float64, np.uint64))


@dataclass(frozen=True)
class PackedScores:
    """Scores with labels of 1 and 0.

    The bits of floats that are not negative are in the order of their values, and have no sign: there the label goes.

    Attributes:
        words: shape (rows,), twice the bits of the score and the label; the greatest number of a row without one.
    """

    words: NDArray[np.unsignedinteger[Any]]

    @classmethod
    def of(cls, label: Floats, score: Floats) -> PackedScores | None:
        """Those of all rows; None where the label or the score of a labelled row is not such.

        Args:
            label: shape (rows,), NaN where none came.
            score: shape (rows,).
        """
        for floats, whole in SIZES:
            if (words := _words(label, score, floats, whole)) is not None:
                return cls(words)
        return None

    def at(self, places: Any) -> PackedScores:
        """Those of some rows: a slice, places, or whether each is one."""
        return PackedScores(self.words[places])

    def known(self) -> NDArray[np.bool_]:
        """Which rows have a label."""
        known: NDArray[np.bool_] = self.words != np.iinfo(self.words.dtype).max
        return known

    def label(self) -> NDArray[np.bool_]:
        """Whether the labels of labelled rows are 1, in the order of the rows."""
        labels, one = np.empty(len(self.words), dtype=np.bool_), self.words.dtype.type(1)
        for rows in blocks.of(len(labels)):
            labels[rows] = self.words[rows] & one
        return labels

    def score(self) -> Floats:
        """Their scores."""
        return _floats(self.words >> self.words.dtype.type(1))

    def ascending(self) -> tuple[Floats, Floats]:
        """Labels and scores of labelled rows in the order of score and label."""
        words, one = bucket_sort.ascending(self.words), self.words.dtype.type(1)
        labels = blocks.filled(len(words), lambda rows: words[rows] & one)
        words >>= one
        return labels, _floats(words)


def _words(label: Floats, score: Floats, floats: Any, whole: Any) -> NDArray[Any] | None:
    words, one = np.empty(len(label), dtype=whole), whole(1)
    with np.errstate(over="ignore"):
        for rows in blocks.of(len(label)):
            its_label, its_score = label[rows], score[rows]
            unknown, yes, exact = np.isnan(its_label), its_label == 1, its_score.astype(floats)
            if not np.all(((yes | (its_label == 0)) & (its_score >= 0) & (exact == its_score)) | unknown):
                return None
            its_words = (exact.view(whole) << one) | yes
            its_words[unknown] = np.iinfo(whole).max
            words[rows] = its_words
    return words


def _floats(bits: NDArray[Any]) -> Floats:
    return bits.view(f"f{bits.itemsize}").astype(np.float64, copy=False)
