"""Scores and decisions of rows while it is being decided what counts: by the model, by a fallback, by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.declaration.class_names import PROBABILITY

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Bools = NDArray[np.bool_]

# There is none.
NONE = -1


@dataclass
class GivenScores:
    """One score a row.

    Attributes:
        score: shape (rows,), NaN where there is none.
        decision: shape (rows,), 1 or 0, or the place of a class; NONE where there is none.
        probabilities: of several classes, by column, each of shape (rows,).
    """

    score: Floats
    decision: Codes
    probabilities: dict[str, Floats]

    @classmethod
    def of_columns(cls, columns: Mapping[str, pa.Array | pa.ChunkedArray], classes: Sequence[str]) -> GivenScores:
        """From columns as the scores table has them."""
        decision = columns["decision"]
        if classes:
            coded = pc.index_in(decision.cast(pa.string()), value_set=pa.array(classes, pa.string()))
        else:
            coded = decision.cast(pa.int8())
        return cls(
            floats(columns["score"]),
            np.asarray(coded.fill_null(NONE).to_numpy(zero_copy_only=False), dtype=np.int64),
            {name: floats(column) for name, column in columns.items() if name.startswith(PROBABILITY)},
        )

    @classmethod
    def none(cls, count: int, probabilities: Sequence[str]) -> GivenScores:
        """Of rows without a score."""
        return cls(
            np.full(count, np.nan),
            np.full(count, NONE, dtype=np.int64),
            {name: np.full(count, np.nan) for name in probabilities},
        )

    def put(self, where: Bools, other: GivenScores) -> None:
        """Take the scores of ``other``, which has the same rows, where the mask is true."""
        self.score = np.where(where, other.score, self.score)
        self.decision = np.where(where, other.decision, self.decision)
        self.probabilities = {
            name: np.where(where, other.probabilities[name], values) for name, values in self.probabilities.items()
        }

    def columns(self, classes: Sequence[str], binary: bool) -> dict[str, pa.Array]:
        """The columns of the scores table."""
        return {
            "score": doubles(self.score),
            "decision": decisions(self.decision, classes, binary),
            **{name: doubles(values) for name, values in self.probabilities.items()},
        }


def decisions(codes: Codes, classes: Sequence[str], binary: bool) -> pa.Array:
    """Codes as decisions: texts of classes, true and false, or null of a regression."""
    missing = codes == NONE
    if classes:
        return pa.array(classes, pa.string()).take(pa.array(codes, mask=missing))
    if not binary:
        return pa.nulls(len(codes), pa.bool_())
    return pa.array(codes == 1, mask=missing)


def doubles(values: Floats) -> pa.Array:
    """As a column; null where there is none."""
    return pa.array(values, mask=np.isnan(values))


def floats(column: pa.Array | pa.ChunkedArray) -> Floats:
    """A column of doubles, NaN where it is null."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
