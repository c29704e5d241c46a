"""The gold tables of a feature group: its days, those that were replaced as they were first, and the rows to serve."""

from __future__ import annotations

from dataclasses import replace

from lakehouse.declaration import Column, FeatureGroup
from lakehouse.tables.feature_columns import feature_columns
from lakehouse.tables.table import INPUTS_FINGERPRINT, PARTITION, Table, col


def group_key_columns(group: FeatureGroup) -> tuple[Column, ...]:
    """The key's columns."""
    return tuple(col(column.name, column.type, column.description or "part of the key") for column in group.key)


def served_columns(group: FeatureGroup) -> tuple[Column, ...]:
    """The columns that a serving table has: the key, ``partition``, the features, and since when they are known."""
    return (
        *group_key_columns(group),
        PARTITION,
        *feature_columns(group.features),
        col("known_at", "timestamp", "since when the platform knows the row: when it was built"),
    )


def group(group: FeatureGroup) -> Table:
    """One row a key and day, for the keys that the transform knows on that day."""
    return Table(
        layer="gold",
        name=group.table_name,
        columns=(
            *served_columns(group),
            col(INPUTS_FINGERPRINT, "string", "digest of the deliveries and the code that the row was built from"),
        ),
        key=(*group.key_names, "partition"),
        partition_by=("partition",),
        description=f"feature group {group.name}, version {group.version}: one row a key and day, known when it began",
        indexed=(INPUTS_FINGERPRINT, group.key_names[0]),
        clustered_by=group.key_names[0],
        # Feature tables of use cases name what they were joined from.
        retention_days=30,
    )


def group_first(group: FeatureGroup) -> Table:
    """The days that were replaced, each as it was built first."""
    now = _days(group)
    return replace(
        now,
        name=f"{group.table_name}_first",
        description=f"days of {now.full_name} that were corrected, each as it was built first; no row is ever changed",
    )


def group_serving(group: FeatureGroup) -> Table:
    """The newest row of each key that is not too old, where a Delta table is what serves."""
    return Table(
        layer="gold",
        name=f"{group.table_name}_serving",
        columns=served_columns(group),
        key=group.key_names,
        partition_by=(),
        description=f"what {group.name} v{group.version} serves: the newest row of each key, replaced at once",
        indexed=(group.key_names[0],),
    )


def of_group(group: FeatureGroup) -> tuple[Table, ...]:
    """All tables of a group."""
    return _days(group), group_first(group), group_serving(group)


# Under another name: their argument is called like it.
_days = group
