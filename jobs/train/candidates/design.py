"""From rows to the columns that a linear model is fitted to, and from its coefficients back to a term a feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation.labelled_rows import Floats, TrainingSet

# Values that differ by less than this part of their size are one value, told apart by rounding.
CONSTANT = 1e-9


@dataclass(frozen=True)
class Feature:
    """The columns of one feature.

    Attributes:
        name: of the feature.
        mean: of the known values of a number.
        spread: their standard deviation; 0 for a number that is always the same, which has no column of its own.
        rows: of a category the number of training rows of each level, and last of those without one; None for a number.
        missing: whether being unknown has a column: where some rows are, and not all.
    """

    name: str
    mean: float
    spread: float
    rows: NDArray[np.intp] | None
    missing: bool

    @property
    def width(self) -> int:
        """The number of its columns."""
        own = int(self.spread > 0) if self.rows is None else len(self.rows) - 1
        return own + self.missing

    def columns(self, values: Floats) -> Any:
        """Numbers: standardised, the mean where they are not known. Categories: one column a level, sparse."""
        from scipy import sparse

        unknown = np.isnan(values)
        marks = [unknown.astype(np.float64)[:, None]] if self.missing else []
        if self.rows is None:
            known = [np.where(unknown, 0.0, (values - self.mean) / self.spread)[:, None]] if self.spread > 0 else []
            return np.hstack([*known, *marks]) if known or marks else np.empty((len(values), 0))
        place, shape = np.flatnonzero(~unknown), (len(values), len(self.rows) - 1)
        ones = (np.ones(len(place)), (place, values[place].astype(np.intp)))
        return sparse.hstack([sparse.csr_matrix(ones, shape=shape), *map(sparse.csr_matrix, marks)], format="csr")

    def term(self, coefficients: Floats) -> tuple[dict[str, Any], Floats]:
        """The feature's term in the model's file, and what it takes out of itself into the base value.

        Args:
            coefficients: shape (columns, classes).
        """
        classes = coefficients.shape[1]
        unknown = coefficients[-1] if self.missing else np.zeros(classes)
        if self.rows is None:
            weight = coefficients[0] / self.spread if self.spread > 0 else np.zeros(classes)
            said = {"mean": self.mean, "weight": weight.tolist(), "missing": unknown.tolist()}
            return said, np.zeros(classes)
        levels = coefficients[: len(self.rows) - 1]
        mean = self.rows @ np.vstack([levels, unknown]) / max(1, self.rows.sum())
        # A value that training rows never lack says nothing where it is lacking.
        off = unknown - mean if self.rows[-1] else np.zeros(classes)
        return {"levels": (levels - mean).tolist(), "missing": off.tolist()}, mean


@dataclass(frozen=True)
class Design:
    """The columns of all features, in the model's order."""

    features: Sequence[Feature]

    @classmethod
    def of(cls, rows: TrainingSet) -> Design:
        """The design that these rows give."""
        return cls([_feature(rows, name, read(rows, position)) for position, name in enumerate(rows.names)])

    def matrix(self, rows: TrainingSet) -> Any:
        """The columns: sparse where there are categories, since thousands of levels of many rows would not fit into memory."""
        from scipy import sparse

        parts = [one.columns(read(rows, position)) for position, one in enumerate(self.features)]
        if not rows.levels:
            return np.hstack(parts)
        return sparse.hstack([sparse.csr_matrix(part) for part in parts], format="csr")

    def terms(self, coefficients: Floats) -> tuple[dict[str, dict[str, Any]], Floats]:
        """The terms by feature, and what belongs to the base value; ``coefficients`` has shape (columns, classes)."""
        found, base, start = dict[str, dict[str, Any]](), np.zeros(coefficients.shape[1]), 0
        for feature in self.features:
            found[feature.name], mean = feature.term(coefficients[start : start + feature.width])
            base, start = base + mean, start + feature.width
        return found, base


def read(rows: TrainingSet, position: int) -> Floats:
    """A feature's values as scoring reads them: in single precision."""
    return rows.features[:, position].astype(np.float32).astype(np.float64)


def _feature(rows: TrainingSet, name: str, values: Floats) -> Feature:
    unknown = np.isnan(values)
    some = bool(unknown.any() and not unknown.all())
    if name in rows.levels:
        codes = np.where(unknown, len(rows.levels[name]), values).astype(np.intp)
        return Feature(name, 0.0, 0.0, np.bincount(codes, minlength=len(rows.levels[name]) + 1), some)
    known = values[~unknown]
    if not len(known):
        return Feature(name, 0.0, 0.0, None, False)
    mean, spread = float(known.mean()), float(known.std())
    return Feature(name, mean, spread if spread > CONSTANT * max(1.0, abs(mean)) else 0.0, None, some)
