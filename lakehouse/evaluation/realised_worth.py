"""What decisions were worth, once their labels have come: of each row, in sum, and beside the simple ways to decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.declaration import UseCase, class_names
from lakehouse.declaration.worth import OF_DECISIONS, OF_ERRORS
from lakehouse.declaration.worth_metrics import PER_ROW, TOTAL

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]] | NDArray[np.bool_]


@dataclass(frozen=True)
class RealisedWorth:
    """The declared amounts; it can be sent to a worker.

    Attributes:
        amounts: of a decision (inner) where a label (outer) came; None for a regression.
        over, under: of a unit of error of a regression.
        names: what deciding the same for everybody is called, in the order of the decisions.
    """

    amounts: tuple[tuple[float, ...], ...] | None
    over: float = 0.0
    under: float = 0.0
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, use_case: UseCase) -> RealisedWorth | None:
        """As a use case declares it; None when it declares none."""
        worth = use_case.worth
        if worth is None:
            return None
        if use_case.binary:
            right_no, wrong_yes, wrong_no, right_yes = worth.amounts(OF_DECISIONS)
            return cls(((right_no, wrong_yes), (wrong_no, right_yes)), names=("nobody", "everybody"))
        if use_case.classes:
            rows = tuple(tuple(worth.decisions[true][one] for one in use_case.classes) for true in use_case.classes)
            return cls(rows, names=tuple(f"all_{class_names.in_column(name)}" for name in use_case.classes))
        over, under = worth.amounts(OF_ERRORS)
        return cls(None, over, under)

    def of_rows(self, label: Floats, score: Floats, decided: Codes | None) -> Floats:
        """What the decision of each row was worth.

        Args:
            label: shape (rows,), of labelled rows.
            score: shape (rows,); only a regression's is looked at.
            decided: shape (rows,), whether yes, or the number of a class; below 0 nothing was decided, and the worth is NaN.
        """
        if self.amounts is None:
            error = score - label
            return np.where(error > 0, self.over * error, self.under * -error)
        assert decided is not None
        code, came = np.asarray(decided).astype(np.int64), label.astype(np.int64)
        worth = np.array(self.amounts)[came, np.maximum(code, 0)]
        return np.where(code >= 0, worth, np.nan)

    def measured(self, label: Floats, score: Floats, decided: Codes | None) -> dict[str, float | None]:
        """The total and the average of labelled rows on which something was decided."""
        worth = self.of_rows(label, score, decided)
        worth = worth[~np.isnan(worth)]
        if not len(worth):
            return {TOTAL: None, PER_ROW: None}
        # Exact, whatever the order of the rows is.
        total = math.fsum(worth.tolist())
        return {TOTAL: total, PER_ROW: total / len(worth)}

    def beside(
        self, label: Floats, score: Floats, decided: Codes | None, rate: Sequence[float] | None
    ) -> dict[str, float | None]:
        """The worth of decisions, and beside it that of deciding the same for everybody, and of the baseline."""
        return self.measured(label, score, decided) | self.of_everybody(label) | self.of_baseline(label, rate)

    def of_everybody(self, label: Floats) -> dict[str, float | None]:
        """The average a row of deciding the same for everybody, for each decision."""
        if self.amounts is None:
            return {}
        counts = np.bincount(label.astype(np.int64), minlength=len(self.amounts))
        return {
            f"{PER_ROW}_{name}": self._average(counts, place) if len(label) else None
            for place, name in enumerate(self.names)
        }

    def of_baseline(self, label: Floats, rate: Sequence[float] | None) -> dict[str, float | None]:
        """The average a row of the baseline: for everybody the one decision, or value, that a base rate known before speaks for.

        Args:
            label: shape (rows,).
            rate: the base rate, of several classes a share a class; None where none was known.
        """
        name = f"{PER_ROW}_baseline"
        if rate is None or not len(label):
            return {name: None}
        if self.amounts is None:
            return {name: math.fsum(self.of_rows(label, np.full(len(label), rate[0]), None).tolist()) / len(label)}
        shares = rate if len(self.amounts) > 2 or len(rate) > 1 else (1 - rate[0], rate[0])
        expected = np.array(shares) @ np.array(self.amounts)
        counts = np.bincount(label.astype(np.int64), minlength=len(self.amounts))
        return {name: self._average(counts, int(np.argmax(expected)))}

    def _average(self, counts: NDArray[np.int64], decided: int) -> float:
        assert self.amounts is not None
        column = np.array(self.amounts)[:, decided]
        return float(counts @ column / counts.sum())
