"""The columns of features, in the feature table of a use case and in the tables of a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakehouse.declaration import Column, ColumnType, Feature
from lakehouse.tables.table import col

TYPES: Mapping[str, ColumnType] = {"number": "double", "category": "string"}


def feature_columns(features: Iterable[Feature]) -> tuple[Column, ...]:
    """A column for each feature; null is not known."""
    return tuple(col(feature.name, TYPES[feature.type], feature.description, nullable=True) for feature in features)
