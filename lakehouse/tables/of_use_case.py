"""The gold tables of a use case: its features and its labels, and the list of all."""

from __future__ import annotations

from lakehouse.declaration import UseCase
from lakehouse.tables import of_label
from lakehouse.tables.entity_columns import entity_columns
from lakehouse.tables.feature_columns import feature_columns
from lakehouse.tables.of_estimates import estimates
from lakehouse.tables.of_monitoring import alarm_counts, drift, drift_counts, performance, residuals
from lakehouse.tables.of_scores import reasons, scores
from lakehouse.tables.table import INPUTS_FINGERPRINT, PARTITION, Table, col


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


def of_use_case(use_case: UseCase) -> tuple[Table, ...]:
    """All gold tables of a use case."""
    made = tuple(make(use_case) for make in (features, scores, reasons, outcomes, performance, drift_counts, drift))
    if use_case.drift.estimate is not None:
        made = (*made, estimates(use_case))
    if not use_case.drift.measured:
        return made
    return (*made, alarm_counts(use_case), *(() if use_case.classes else (residuals(use_case),)))
