"""The drift page: Evidently's report of a window's sample against the training sample."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

log = logging.getLogger(__name__)


def write(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    limits: Mapping[str, float],
    drawn: Sequence[str],
    drift_share: float,
    folder: Path,
) -> list[Path]:
    """Write the page as ``drift.html`` and its numbers as ``drift.json``.

    The page illustrates: it bins a sample in Evidently's own way, so its PSI are near the verdict's, not equal to them.

    Args:
        current: rows of the window.
        reference: rows of the training set.
        limits: PSI limit by column; these columns are counted as drifted or not.
        drawn: those of them that have pictures, in this order: each costs the night a tenth of a second and more.
        drift_share: share of columns from which on the page calls the data drifted.
        folder: existing folder for the files.
    """
    # Evidently takes seconds to import: only a day that has something to draw pays for it.
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import DriftedColumnsCount, ValueDrift

    columns = comparable(current, reference, list(limits))
    definition = DataDefinition(numerical_columns=columns)
    counted = DriftedColumnsCount(
        columns=columns,
        drift_share=drift_share,
        num_method="psi",
        per_column_threshold={column: limits[column] for column in columns},
    )
    pictures = [
        ValueDrift(column=column, method="psi", threshold=limits[column]) for column in drawn if column in columns
    ]
    page = Report([counted, *pictures]).run(
        Dataset.from_pandas(current[columns], data_definition=definition),
        Dataset.from_pandas(reference[columns], data_definition=definition),
    )
    html, numbers = folder / "drift.html", folder / "drift.json"
    page.save_html(str(html))
    numbers.write_text(page.json(), encoding="utf-8")
    return [html, numbers]


def comparable(current: pd.DataFrame, reference: pd.DataFrame, columns: list[str]) -> list[str]:
    """The columns that both frames have a value of: Evidently can't compare with nothing."""
    kept = [c for c in columns if c in reference and current[c].notna().any() and reference[c].notna().any()]
    if left_out := sorted(set(columns) - set(kept)):
        log.info("report: not compared, as one side has no value: %s", ", ".join(left_out))
    return kept
