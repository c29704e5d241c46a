"""The columns that identify an entity."""

from __future__ import annotations

from lakehouse.declaration import Column, FeatureGroup, UseCase
from lakehouse.tables import of_source
from lakehouse.tables.of_group import group_key_columns


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
