"""The origins of columns as OpenLineage's facet, and a facet for those that nobody knows."""

from __future__ import annotations

from collections.abc import Collection

from openlineage.client.facet_v2 import DatasetFacet, column_lineage_dataset

from lakehouse.lineage import facets, names
from lakehouse.lineage.columns import ColumnOrigins, Origin

# By which of a table's rows there are, not by what is in them.
_INDIRECT = frozenset({"FILTER", "JOIN"})


def facets_of(origins: ColumnOrigins, features: Collection[str] | None = None) -> dict[str, DatasetFacet]:
    """The facets; none where nothing is declared.

    Args:
        origins: of the table's columns.
        features: that the run's models have read: of what a model makes of features, the others are left out. None: no model was
            met, and what a declared model may read stays.
    """
    known: dict[str, DatasetFacet] = {}
    fields = {
        column: column_lineage_dataset.Fields([_field(one) for one in found])
        for column, declared in origins.columns.items()
        if (found := _read(declared, features))
    }
    if fields or origins.rows:
        known["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            fields, [_field(one) for one in origins.rows]
        )
    if origins.unknown:
        known[facets.UNKNOWN_COLUMNS] = facets.UnknownColumnsFacet(dict(origins.unknown))
    return known


def _read(origins: tuple[Origin, ...], features: Collection[str] | None) -> list[Origin]:
    if features is None:
        return list(origins)
    return [one for one in origins if not one.by_model or one.column in features]


def _field(one: Origin) -> column_lineage_dataset.InputField:
    namespace, name = names.of(one.table)
    kind = "INDIRECT" if one.how in _INDIRECT else "DIRECT"
    made = column_lineage_dataset.Transformation(kind, one.how, one.words or None, False)
    return column_lineage_dataset.InputField(namespace, name, one.column, [made])
