"""What a declared draw says of rows to learn from, and the weights that a fit gives them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    """Of some rows, in their order, what the draw says; each array has shape (rows,).

    Attributes:
        stands: for how many rows of its day (of its class, where classes have a limit of their own) a row that is learned from
            stands: 1 where the day has no limit. 0 for a row that is not learned from.
        selected: whether the declared condition holds.
        measured: whether the row is one of those by which all rows are measured: each, but in a history of very many rows.
        code: the number of its class, 0 of a label that has none, -1 without a label.
        of_class: how many rows its day has of its class, in the whole history.
        selected_of_class: for how many of them the condition holds.
        measured_share: which share of the rows is measured by.
        entities_version: Delta version of the entity's source that the condition was asked of; None where it names none of its
            columns, or the population is of many days.
    """

    stands: Floats
    selected: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    code: NDArray[np.int64]
    of_class: NDArray[np.int64]
    selected_of_class: NDArray[np.int64]
    measured_share: float = 1.0
    entities_version: int | None = None

    def where(self, kept: NDArray[Any]) -> Drawn:
        """The same of some of the rows, by a mask or by places."""
        chosen: dict[str, Any] = {name: values[kept] for name, values in self._arrays().items()}
        return replace(self, **chosen)

    def followed_by(self, other: Drawn) -> Drawn:
        """The same of these rows and then of others."""
        others = other._arrays()
        both: dict[str, Any] = {name: np.concatenate([values, others[name]]) for name, values in self._arrays().items()}
        return replace(self, **both)

    def totals(self, days: NDArray[np.datetime64], classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many rows of each class the days have in the whole history, and for how many of them the condition holds.

        Args:
            days: shape (rows,), the day of each of these rows.
            classes: how many there are, or 1.
        """
        _, first = np.unique(np.column_stack([days.astype(np.int64), self.code]), axis=0, return_index=True)
        first = first[self.code[first] >= 0]
        before, selected = (
            np.bincount(self.code[first], weights=values[first], minlength=classes).astype(np.int64)
            for values in (self.of_class, self.selected_of_class)
        )
        return before, selected

    def rows(self, days: NDArray[np.datetime64]) -> int:
        """How many rows the days have in the whole history, of all classes that these rows have."""
        return int(self.by_day(days)[1].sum())

    def by_day(self, days: NDArray[np.datetime64]) -> tuple[NDArray[np.datetime64], NDArray[np.int64]]:
        """The distinct days, and how many rows each has in the whole history, of all classes that these rows have."""
        _, first = np.unique(np.column_stack([days.astype(np.int64), self.code]), axis=0, return_index=True)
        distinct, place = np.unique(days[first], return_inverse=True)
        return distinct, np.bincount(place.reshape(-1), weights=self.of_class[first]).astype(np.int64)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True)
class Weighting:
    """How rows count in a fit.

    Attributes:
        weight: shape (rows,), their mean is 1.
        offset: what the weights and the draw add to the margin of the rows that are learned from and is not so of all rows: in
            log-odds, of several classes a number a class; empty where they add nothing. A fitted margin less the offset is the
            margin of all rows (King and Zeng 2001, Elkan 2001).
    """

    weight: Floats
    offset: tuple[float, ...] = ()
