"""The metrics of what decisions were worth, in the declared currency: a total, and an average a row.

They are not in `lakehouse.declaration.metric_catalogue`, since what a decision is worth is declared for each use case:
`lakehouse.evaluation.realised_worth` puts it beside the rows that these formulas add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.declaration.metric_catalogue import Metric, Rows, Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOTAL, PER_ROW = "worth", "worth_per_row"


def _worth(rows: Rows) -> Floats:
    if rows.worth is None:
        raise AssertionError(
            "expected rows with what each decision was worth, found none: the use case declares no worth"
        )
    return rows.worth


def _ones(rows: Rows) -> Floats:
    return _worth(rows) * 0 + 1


WORTH_METRICS = {
    TOTAL: Metric(
        TOTAL,
        ("classification", "regression", "multiclass"),
        "worth",
        True,
        Sums(lambda rows: (_worth(rows),), lambda total: total),
    ),
    PER_ROW: Metric(
        PER_ROW,
        ("classification", "regression", "multiclass"),
        "worth",
        True,
        Sums(lambda rows: (_worth(rows), _ones(rows)), lambda total, count: total / count),
    ),
}
NAMES = tuple(WORTH_METRICS)
