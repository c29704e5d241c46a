"""The gold tables that monitoring writes: performance, and drift with its counts."""

from __future__ import annotations

from lakehouse.declaration import Column, UseCase
from lakehouse.tables import of_categories
from lakehouse.tables.table import INPUTS_FINGERPRINT, OF_A_SLICE, PARTITION, Table, col


def performance(use_case: UseCase) -> Table:
    """Matured metrics by day, model version and slice."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_performance",
        columns=(
            PARTITION,
            col("role", "string", "champion or challenger"),
            col("model_version", "int", "which model version"),
            *OF_A_SLICE,
            col("rows", "long", "scored rows"),
            col("labelled_rows", "long", "of them with a matured label"),
            col("metric", "string", "which metric"),
            col("value", "double", "its value; null when the rows do not define it", nullable=True),
            col(
                INPUTS_FINGERPRINT,
                "string",
                "digest of the scores, labels and code that it was measured from; null before it was recorded",
                nullable=True,
            ),
        ),
        key=("partition", "role", "model_version", "slice", "slice_value", "metric"),
        partition_by=("partition",),
        indexed=(INPUTS_FINGERPRINT,),
        description=f"how good the scores of {use_case.name} turned out, by day, model version and slice",
        few_rows=True,
    )


def drift_counts(use_case: UseCase) -> Table:
    """Rows counted by day, model version and bin: what drift is computed from."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_drift_counts",
        columns=(
            PARTITION,
            col("model_version", "int", "the version by whose bins the rows are counted"),
            col("kind", "string", of_categories.kinds(use_case, "feature, or prediction: the scores by this version")),
            col("name", "string", "of the feature, or score"),
            col("bin", "int", "how many of the profile's edges the value exceeds; the last bin is of values not known"),
            col("rows", "long", "rows in the bin; an empty bin has no line"),
            *of_categories.level(
                use_case,
                "of kind new category: a level that training did not have, one a line, the most frequent first; else null",
            ),
            col(INPUTS_FINGERPRINT, "string", "digest of the rows, the bins and the code that they were counted by"),
        ),
        key=("partition", "model_version", "kind", "name", "bin"),
        partition_by=("partition",),
        description=f"rows of {use_case.name} by day and bin of a model's training profile: each day is counted once",
        few_rows=True,
    )


def alarm_counts(use_case: UseCase) -> Table:
    """Rows counted by day, slice and bin, and labels by bin: what measured alarms need besides."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_alarm_counts",
        columns=(
            PARTITION,
            col("model_version", "int", "the version by whose bins the rows are counted"),
            col("kind", "string", "slice: feature rows of a slice; or label: matured labels of all rows"),
            *OF_A_SLICE,
            col("name", "string", "of the feature, or label"),
            col("bin", "int", "as in the drift counts; of labels the bins of the version's training"),
            col("rows", "long", "rows in the bin; an empty bin has no line"),
            col(INPUTS_FINGERPRINT, "string", "digest of the rows, the bins and the code that they were counted by"),
        ),
        key=("partition", "model_version", "kind", "slice", "slice_value", "name", "bin"),
        partition_by=("partition",),
        description=f"feature rows of {use_case.name} by day, watched slice and bin, and its matured labels by bin",
        few_rows=True,
    )


def residuals(use_case: UseCase) -> Table:
    """Matured labels minus the champion's scores by day, feature and bin: what measured alarms read changed relations off."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_residuals",
        columns=(
            PARTITION,
            col("model_version", "int", "the version whose scores, and by whose bins"),
            col("name", "string", "of the feature; empty of a day without a label"),
            col("bin", "int", "as in the drift counts; -1 of a day without a label"),
            col("rows", "long", "labelled rows in the bin; an empty bin has no line"),
            col("residual", "double", "sum of label minus score over these rows"),
            col(INPUTS_FINGERPRINT, "string", "digest of the rows, the scores, the labels, the bins and the code"),
        ),
        key=("partition", "model_version", "name", "bin"),
        partition_by=("partition",),
        description=f"matured labels minus scores of {use_case.name} by day, feature and bin",
        few_rows=True,
    )


def _of_findings(use_case: UseCase) -> tuple[Column, ...]:
    """The columns that the drift table has where alarms are measured."""
    if not use_case.drift.measured:
        return ()
    return (
        col("slice", "string", "of which slice, or 'all'", nullable=True),
        col("slice_value", "string", "its value, or 'all'", nullable=True),
        col("since", "date", "from which day on it stands out most", nullable=True),
        col("days", "int", "days of the window that shows it most clearly", nullable=True),
        col("chance", "double", "how probable as much is in an ordinary window, for this test alone", nullable=True),
        col(
            "once_in_days",
            "double",
            "after so many ordinary days chance alone shows as much somewhere in all that is watched",
            nullable=True,
        ),
        col("advice", "string", "what to do; of violated findings", nullable=True),
        col(
            "newest_chance",
            "double",
            "how probable the newest days alone are by chance: a small one asks for a training; of violated findings",
            nullable=True,
        ),
    )


_WITH_ESTIMATES = "feature, prediction, estimate, performance or verdict"


def drift(use_case: UseCase) -> Table:
    """Drift statistics and verdict by day and feature."""
    findings = _of_findings(use_case)
    kinds = "feature, prediction, performance or verdict" if use_case.drift.estimate is None else _WITH_ESTIMATES
    return Table(
        layer="gold",
        name=f"{use_case.name}_drift",
        columns=(
            PARTITION,
            col("model_version", "int", "champion whose training profile is the reference"),
            col(
                "kind",
                "string",
                of_categories.kinds(
                    use_case, f"data, label, {kinds}" if findings or use_case.drift.known_events else kinds
                ),
            ),
            col("feature", "string", "feature or statistic"),
            col("statistic", "string", "what is measured, such as psi"),
            col("value", "double", "the statistic over the window that ends on the day", nullable=True),
            col("limit", "double", "the declared or ordinary limit", nullable=True),
            col("violated", "boolean", "whether the value is beyond the limit"),
            col("reason", "string", "in words; the verdict's row holds all reasons", nullable=True),
            *findings,
        ),
        key=("partition", "kind", "feature", "statistic", *(column.name for column in findings[:2])),
        partition_by=("partition",),
        description=f"drift of {use_case.name} by day and feature, with a verdict a day",
        few_rows=True,
    )
