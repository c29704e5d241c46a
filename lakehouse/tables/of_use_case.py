"""The gold tables of a use case: features, scores, reasons, labels, performance and drift with its counts."""

from __future__ import annotations

from lakehouse.declaration import Column, FeatureGroup, UseCase
from lakehouse.tables import of_label, of_rules, of_source
from lakehouse.tables.feature_columns import feature_columns
from lakehouse.tables.of_estimates import estimates
from lakehouse.tables.of_group import group_key_columns
from lakehouse.tables.table import INPUTS_FINGERPRINT, PARTITION, Table, col


def entity_columns(use_case: UseCase | FeatureGroup) -> tuple[Column, ...]:
    """The key columns of the use case's entity, typed as in their source; of a feature group as it declares them."""
    if isinstance(use_case, FeatureGroup):
        return group_key_columns(use_case)
    source = use_case.source(use_case.entity.source)
    return tuple(
        column if column.description else column.model_copy(update={"description": of_source.description_of(column)})
        for name in use_case.entity.key
        for column in source.columns
        if column.name == name
    )


def features(use_case: UseCase) -> Table:
    """One row an entity and partition: what was known at prediction time."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_features",
        columns=(
            *entity_columns(use_case),
            *feature_columns(use_case.table_features),
            col("prediction_time", "timestamp", "the instant before which everything used was known"),
            col(INPUTS_FINGERPRINT, "string", "digest of the deliveries and the code that the row was built from"),
            PARTITION,
        ),
        key=(*use_case.entity.key, "partition"),
        partition_by=("partition",),
        description=f"features of {use_case.name}, from what was known at prediction time only",
        indexed=(INPUTS_FINGERPRINT, use_case.entity.key[0]),
        clustered_by=use_case.entity.key[0],
        # Models and scores name the version that they were made from.
        retention_days=30,
    )


def _of_categories(use_case: UseCase, description: str) -> tuple[Column, ...]:
    """The column ``level``, which a table has where the use case has categories."""
    return (col("level", "string", description, nullable=True),) if use_case.category_names else ()


def _kinds(use_case: UseCase, kinds: str) -> str:
    return f"{kinds}; new category" if use_case.category_names else kinds


def scores(use_case: UseCase) -> Table:
    """One row an entity, partition and role, with its lineage."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_scores",
        columns=(
            *entity_columns(use_case),
            PARTITION,
            col("prediction_time", "timestamp", "the instant for which the score was made"),
            col("role", "string", "champion or challenger"),
            col("model_name", "string", "registered model"),
            col("model_version", "int", "its version"),
            *of_label.decided(use_case),
            col("threshold", "double", "the threshold; null for a regression", nullable=True),
            col("features_version", "long", "Delta version of the feature table that was read"),
            col("code_version", "string", "version of the code that scored"),
            col("run_id", "string", "MLflow run that trained the model"),
            col("scored_at", "timestamp", "when"),
            col(INPUTS_FINGERPRINT, "string", "digest of the feature rows, the model and the code"),
            col(
                "chosen_by",
                "string",
                "why this version: champion (it was, when the day was first scored), now (restated by a later champion), "
                "asked (by number) or rolled back, or fallback, where none did; "
                "in shadow: challenger, former champion or rolled back; null before this "
                "was recorded",
                nullable=True,
            ),
            col(
                "decides",
                "boolean",
                "whether this row's decision counted: it is true on one row an entity and day, on none where a rule withholds "
                "the decision; null before this was recorded, when the champion's did",
                nullable=True,
            ),
            *of_label.probabilities(use_case),
            *of_rules.columns(use_case),
        ),
        key=(*use_case.entity.key, "partition", "role"),
        partition_by=("partition", "role"),
        description=f"scores of {use_case.name}, one row an entity, day and role",
        indexed=(INPUTS_FINGERPRINT, "model_version", "chosen_by", use_case.entity.key[0]),
        clustered_by=use_case.entity.key[0],
        retention_days=30,
    )


def reasons(use_case: UseCase) -> Table:
    """The reasons of scores: the greatest contributions of each row, and the sum of the others."""
    unit = use_case.model.objective.unit
    return Table(
        layer="gold",
        name=f"{use_case.name}_reasons",
        columns=(
            *entity_columns(use_case),
            PARTITION,
            col("role", "string", "role of the score, champion or challenger"),
            col("model_version", "int", "the version that scored"),
            col("rank", "int", "1 is the greatest contribution, whichever its sign; the others come last"),
            col("feature", "string", "which feature, or (others): all that are not named, together"),
            col(
                "value", "double", "the feature's value; null when it was not known, and for the others", nullable=True
            ),
            *_of_categories(use_case, "the value of a category; null when it was not known, and for numbers"),
            col("contribution", "double", f"exact SHAP contribution in {unit}: above 0 it raised the score"),
            col(
                "base_value",
                "double",
                f"where every row starts, in {unit}: base and contributions add up to the margin",
            ),
            col(INPUTS_FINGERPRINT, "string", "digest of the scores, the declared reasons and the code"),
            *of_label.explained(use_case),
        ),
        key=(*use_case.entity.key, "partition", "role", "rank"),
        partition_by=("partition", "role"),
        description=f"why rows of {use_case.name} were scored as they were, for the rows that the use case declares reasons for",
        indexed=(INPUTS_FINGERPRINT, use_case.entity.key[0]),
        clustered_by=use_case.entity.key[0],
        retention_days=30,
    )


def outcomes(use_case: UseCase) -> Table:
    """Matured labels."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_outcomes",
        columns=(
            *entity_columns(use_case),
            PARTITION,
            col(
                "value",
                "double",
                "the label's source value, or the label where that is no number; null when it never came",
                nullable=True,
            ),
            *of_label.came(use_case),
            col(INPUTS_FINGERPRINT, "string", "digest of the deliveries that it was built from"),
        ),
        key=(*use_case.entity.key, "partition"),
        partition_by=("partition",),
        description=f"matured labels of {use_case.name}; null label: never reported, counted and not guessed",
        indexed=(INPUTS_FINGERPRINT, use_case.entity.key[0]),
        clustered_by=use_case.entity.key[0],
    )


def performance(use_case: UseCase) -> Table:
    """Matured metrics by day, model version and slice."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_performance",
        columns=(
            PARTITION,
            col("role", "string", "champion or challenger"),
            col("model_version", "int", "which model version"),
            col("slice", "string", "column that the rows are sliced by, or 'all'"),
            col("slice_value", "string", "its value, or 'all'"),
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
            col("kind", "string", _kinds(use_case, "feature, or prediction: the scores by this version")),
            col("name", "string", "of the feature, or score"),
            col("bin", "int", "how many of the profile's edges the value exceeds; the last bin is of values not known"),
            col("rows", "long", "rows in the bin; an empty bin has no line"),
            *_of_categories(
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
            col("slice", "string", "column that the rows are sliced by, or 'all'"),
            col("slice_value", "string", "its value, or 'all'"),
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
            col("kind", "string", _kinds(use_case, f"data, label, {kinds}" if findings else kinds)),
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


def of_use_case(use_case: UseCase) -> tuple[Table, ...]:
    """All gold tables of a use case."""
    made = tuple(make(use_case) for make in (features, scores, reasons, outcomes, performance, drift_counts, drift))
    if use_case.drift.estimate is not None:
        made = (*made, estimates(use_case))
    if not use_case.drift.measured:
        return made
    return (*made, alarm_counts(use_case), *(() if use_case.classes else (residuals(use_case),)))
