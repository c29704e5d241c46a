"""The gold tables of a use case's scores, and of the reasons of scores."""

from __future__ import annotations

from lakehouse.declaration import UseCase
from lakehouse.tables import of_categories, of_label, of_rules
from lakehouse.tables.entity_columns import entity_columns
from lakehouse.tables.table import INPUTS_FINGERPRINT, PARTITION, Table, col


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
            *of_categories.level(use_case, "the value of a category; null when it was not known, and for numbers"),
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
