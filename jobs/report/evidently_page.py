"""Evidently's report of a window's sample against the training sample."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

log = logging.getLogger(__name__)

# Of a category, a bar each; the others are two.
DRAWN_LEVELS = 20
OTHER_LEVELS, NEW_LEVELS = "(others)", "(new)"


def write(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    limits: Mapping[str, float],
    drawn: Sequence[str],
    drift_share: float,
    folder: Path,
) -> list[Path]:
    """Write the page as ``evidently.html`` and its numbers as ``evidently.json``.

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
    categories = [column for column in columns if reference[column].dtype == object]
    definition = DataDefinition(
        numerical_columns=[column for column in columns if column not in categories], categorical_columns=categories
    )
    counted = DriftedColumnsCount(
        columns=columns,
        drift_share=drift_share,
        num_method="psi",
        cat_method="psi",
        per_column_threshold={column: limits[column] for column in columns},
    )
    pictures = [
        ValueDrift(column=column, method="psi", threshold=limits[column]) for column in drawn if column in columns
    ]
    page = Report([counted, *pictures]).run(
        Dataset.from_pandas(with_rare_together(current[columns], reference, categories), data_definition=definition),
        Dataset.from_pandas(with_rare_together(reference[columns], reference, categories), data_definition=definition),
    )
    html, numbers = folder / "evidently.html", folder / "evidently.json"
    page.save_html(str(html))
    numbers.write_text(page.json(), encoding="utf-8")
    return [html, numbers]


def comparable(current: pd.DataFrame, reference: pd.DataFrame, columns: list[str]) -> list[str]:
    """The columns that both frames have a value of: Evidently can't compare with nothing."""
    # A number that became a category, or the reverse, is no column of both.
    same = [c for c in columns if c in reference and (current[c].dtype == object) == (reference[c].dtype == object)]
    kept = [c for c in same if current[c].notna().any() and reference[c].notna().any()]
    if left_out := sorted(set(columns) - set(kept)):
        log.info("report: not compared, as one side has no value of that type: %s", ", ".join(left_out))
    return kept


def with_rare_together(rows: pd.DataFrame, reference: pd.DataFrame, categories: Sequence[str]) -> pd.DataFrame:
    """The rows with the levels that the page does not draw one by one in two: those that the reference has, and new ones."""
    rows = rows.copy()
    for name in categories:
        known = reference[name].value_counts()
        drawn = known.index[:DRAWN_LEVELS]
        other = rows[name].notna() & ~rows[name].isin(drawn)
        seen = rows[name].isin(known.index)
        rows.loc[other & seen, name] = OTHER_LEVELS
        rows.loc[other & ~seen, name] = NEW_LEVELS
    return rows
