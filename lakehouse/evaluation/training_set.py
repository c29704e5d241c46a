"""Labelled feature rows as arrays: what a model is fitted to and measured with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation.category_codes import Levels
from lakehouse.evaluation.drawn_rows import Drawn, Weighting

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingSet:
    """Feature rows with their labels, ordered by partition and key.

    Attributes:
        names: the features, in the order of the columns of ``features``.
        features: shape (rows, features), NaN where a feature is not known; of a category the codes of its levels.
        label: shape (rows,), NaN where the row has no label.
        days: shape (rows,), the partition of each row.
        slices: of each declared slice the value of each row as text; empty unless they were read.
        levels: of each category the levels that its codes are places in.
        drawn: what the draw of a declared ``learn_from`` says of each row; None where no row is left out.
        weighting: how the rows count in a fit, once they are those to fit to; None where they count alike.
    """

    names: tuple[str, ...]
    features: Floats
    label: Floats
    days: NDArray[np.datetime64]
    slices: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    levels: Levels = field(default_factory=dict)
    drawn: Drawn | None = None
    weighting: Weighting | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.label)

    def between(self, first: dt.date, last: dt.date) -> TrainingSet:
        """The rows of the days from ``first`` to ``last``."""
        return self.where((self.days >= np.datetime64(first)) & (self.days <= np.datetime64(last)))

    def labelled(self) -> TrainingSet:
        """The rows that have a label."""
        return self.where(~np.isnan(self.label))

    def unlabelled(self) -> TrainingSet:
        """The rows that have none."""
        return self.where(np.isnan(self.label))

    def where(self, kept: NDArray[np.bool_]) -> TrainingSet:
        """Those of the rows for which the mask is true."""
        slices = {name: values[kept] for name, values in self.slices.items()}
        drawn = None if self.drawn is None else self.drawn.where(kept)
        return TrainingSet(
            self.names, self.features[kept], self.label[kept], self.days[kept], slices, self.levels, drawn
        )
