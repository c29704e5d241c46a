"""The table catalogue: every table is declared here once, and nowhere else.

DDL, documentation, tests and readers come from these declarations. Static tables stand at the end; those of a source
or a use case are made from its declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lakehouse.declaration import Column, Source, UseCase

Layer = Literal["bronze", "silver", "gold", "ops"]


@dataclass(frozen=True)
class Table:
    """One Delta table: where it lies and what shape it has.

    Attributes:
        layer: the layer, which is also the first part of its path and SQL name.
        name: the second part.
        columns: all columns in order.
        key: the columns that identify a row within the table; empty when rows repeat.
        partition_by: the columns whose values divide the files. A write replaces whole values of them, so that two writers
            of different values never conflict.
        description: one sentence for people.
    """

    layer: Layer
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    description: str

    @property
    def full_name(self) -> str:
        """The name in SQL, such as ``gold.flight_delays_scores``."""
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(column.name for column in self.columns)


def _col(name: str, type_: str, description: str = "", nullable: bool = False) -> Column:
    return Column.model_validate({"name": name, "type": type_, "description": description, "nullable": nullable})


PARTITION = _col("partition", "date", "the day that the row belongs to")


def bronze(source: Source) -> Table:
    """Rows as delivered: every value as text, with the delivery and line that it came from."""
    return Table(
        layer="bronze",
        name=source.name,
        columns=(
            *(_col(column.name, "string", column.description, nullable=True) for column in source.columns),
            _col("extra", "string", "columns that the contract does not know, as a JSON object", nullable=True),
            _col("raw", "string", "the line as it was delivered"),
            _col("malformed", "string", "why the line could not be split into columns", nullable=True),
            _col("line", "long", "line of the file, the header is 1"),
            _col("delivery_id", "string", "which delivery"),
            _col("ingested_at", "timestamp", "when the delivery was taken in"),
            PARTITION,
        ),
        key=("delivery_id", "line"),
        partition_by=("partition",),
        description=f"{source.name} as delivered, append-only by delivery",
    )


def silver(source: Source) -> Table:
    """Typed, contract-checked rows, one a key and partition."""
    return Table(
        layer="silver",
        name=source.name,
        columns=(
            *source.columns,
            _col("delivery_id", "string", "which delivery the row came from"),
            _col("line", "long", "which line of it"),
            PARTITION,
        ),
        key=(*source.key, "partition"),
        partition_by=("partition",),
        description=f"{source.description or source.name}: typed, checked, latest correction of each key",
    )


def rejects(source: Source) -> Table:
    """Rows that broke the contract, with every reason."""
    return Table(
        layer="silver",
        name=f"{source.name}_rejects",
        columns=(
            _col("raw", "string", "the line as it was delivered"),
            _col("reasons", "string", "every rule that the row broke, separated by '; '"),
            _col("delivery_id", "string", "which delivery"),
            _col("line", "long", "which line of it"),
            PARTITION,
        ),
        key=("delivery_id", "line"),
        partition_by=("partition",),
        description=f"rows of {source.name} that failed the contract, with the reasons",
    )


def entity_columns(use_case: UseCase) -> tuple[Column, ...]:
    """The key columns of the use case's entity, typed as in their source."""
    source = use_case.source(use_case.entity.source)
    return tuple(column for name in use_case.entity.key for column in source.columns if column.name == name)


def features(use_case: UseCase) -> Table:
    """One row an entity and partition: what was known at prediction time."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_features",
        columns=(
            *entity_columns(use_case),
            *(_col(feature.name, "double", feature.description, nullable=True) for feature in use_case.features),
            _col("prediction_time", "timestamp", "the instant before which everything used was known"),
            _col("inputs_fingerprint", "string", "digest of the deliveries and the code that the row was built from"),
            PARTITION,
        ),
        key=(*use_case.entity.key, "partition"),
        partition_by=("partition",),
        description=f"features of {use_case.name}, from what was known at prediction time only",
    )


def scores(use_case: UseCase) -> Table:
    """One row an entity, partition and role, with its lineage."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_scores",
        columns=(
            *entity_columns(use_case),
            PARTITION,
            _col("prediction_time", "timestamp", "the instant for which the score was made"),
            _col("role", "string", "champion or challenger"),
            _col("model_name", "string", "registered model"),
            _col("model_version", "int", "its version"),
            _col("score", "double", "probability of the label, or the predicted value"),
            _col("decision", "boolean", "score at or above the threshold; null for a regression", nullable=True),
            _col("threshold", "double", "the threshold; null for a regression", nullable=True),
            _col("features_version", "long", "Delta version of the feature table that was read"),
            _col("code_version", "string", "version of the code that scored"),
            _col("run_id", "string", "MLflow run that trained the model"),
            _col("scored_at", "timestamp", "when"),
            _col("inputs_fingerprint", "string", "digest of the feature rows, the model and the code"),
        ),
        key=(*use_case.entity.key, "partition", "role"),
        partition_by=("partition", "role"),
        description=f"scores of {use_case.name}, one row an entity, day and role",
    )


def outcomes(use_case: UseCase) -> Table:
    """Matured labels."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_outcomes",
        columns=(
            *entity_columns(use_case),
            PARTITION,
            _col("value", "double", "the label's source value; null when it never came", nullable=True),
            _col(
                "label",
                "double",
                "the label: 1 or 0, or the value of a regression; null when unlabelled",
                nullable=True,
            ),
            _col("inputs_fingerprint", "string", "digest of the deliveries that it was built from"),
        ),
        key=(*use_case.entity.key, "partition"),
        partition_by=("partition",),
        description=f"matured labels of {use_case.name}; null label: cancelled or never reported, counted and not guessed",
    )


def performance(use_case: UseCase) -> Table:
    """Matured metrics by day, model version and slice."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_performance",
        columns=(
            PARTITION,
            _col("role", "string", "champion or challenger"),
            _col("model_version", "int", "which model version"),
            _col("slice", "string", "column that the rows are sliced by, or 'all'"),
            _col("slice_value", "string", "its value, or 'all'"),
            _col("rows", "long", "scored rows"),
            _col("labelled_rows", "long", "of them with a matured label"),
            _col("metric", "string", "which metric"),
            _col("value", "double", "its value; null when the rows do not define it", nullable=True),
        ),
        key=("partition", "role", "model_version", "slice", "slice_value", "metric"),
        partition_by=("partition",),
        description=f"how good the scores of {use_case.name} turned out, by day, model version and slice",
    )


def drift(use_case: UseCase) -> Table:
    """Drift statistics and verdict by day and feature."""
    return Table(
        layer="gold",
        name=f"{use_case.name}_drift",
        columns=(
            PARTITION,
            _col("model_version", "int", "champion whose training profile is the reference"),
            _col("kind", "string", "feature, prediction, performance or verdict"),
            _col("feature", "string", "feature or statistic"),
            _col("statistic", "string", "what is measured, such as psi"),
            _col("value", "double", "the statistic over the window that ends on the day", nullable=True),
            _col("limit", "double", "the declared or ordinary limit", nullable=True),
            _col("violated", "boolean", "whether the value is beyond the limit"),
            _col("reason", "string", "in words; the verdict's row holds all reasons", nullable=True),
        ),
        key=("partition", "kind", "feature", "statistic"),
        partition_by=("partition",),
        description=f"drift of {use_case.name} by day and feature, with a verdict a day",
    )


DELIVERIES = Table(
    layer="ops",
    name="deliveries",
    columns=(
        _col("source", "string", "which source"),
        _col("delivery_id", "string", "digest of source, partition and bytes"),
        PARTITION,
        _col("origin", "string", "file or query window"),
        _col("checksum", "string", "SHA-256 of the bytes"),
        _col("delivered_rows", "long", "rows in the delivery"),
        _col("accepted_rows", "long", "rows now in silver or superseded by a later correction"),
        _col("rejected_rows", "long", "rows in the rejects"),
        _col("duplicate_rows", "long", "rows that repeat a key within the delivery"),
        _col("status", "string", "ingested"),
        _col("ingested_at", "timestamp", "when"),
    ),
    key=("delivery_id",),
    partition_by=("source",),
    description="the ledger: delivered = accepted + rejected + duplicates, for every delivery",
)

MODEL_EVENTS = Table(
    layer="ops",
    name="model_events",
    columns=(
        _col("model_name", "string", "registered model"),
        _col("model_version", "int", "its version"),
        _col("event", "string", "registered, promoted, held, rolled back or retired"),
        _col("from_version", "int", "champion before the event", nullable=True),
        _col("actor", "string", "who or what"),
        _col("reason", "string", "why"),
        _col("evidence", "string", "the numbers, as JSON"),
        _col("run_id", "string", "MLflow run that trained the version"),
        _col("happened_at", "timestamp", "when"),
    ),
    key=("model_name", "model_version", "event", "happened_at"),
    partition_by=(),
    description="registered, promoted, held, rolled back, retired: when, by whom, why, on what evidence",
)


def of_source(source: Source) -> tuple[Table, ...]:
    """All tables of a source."""
    return bronze(source), silver(source), rejects(source)


def of_use_case(use_case: UseCase) -> tuple[Table, ...]:
    """All gold tables of a use case."""
    return tuple(make(use_case) for make in (features, scores, outcomes, performance, drift))
