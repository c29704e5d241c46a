"""A document's rows in the gold tables of a dataset, and its id where it names a cluster of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset, rewriting
from lakehouse.tables import Table

# What is known of a document that is like the erased one, and no more than that.
OF_NEAREST = ("nearest", "jaccard", "containment")
NAMES = ("document_id", "cluster_id", "nearest")

# The name of a cluster, by version and document.
Names = Mapping[tuple[int, str], str]


@dataclass(frozen=True)
class DatasetRows:
    """The rows of a document in a dataset's tables."""

    dataset: Dataset
    document: str

    @property
    def tables(self) -> list[Table]:
        """Those that have documents."""
        return [
            make(self.dataset)
            for make in (tables.documents, tables.summaries, tables.clusters, tables.splits, tables.examples)
        ]

    def found(self) -> Mapping[str, int]:
        """Rows by table; those of others that name it are not counted."""
        return {
            table.full_name: len(
                arrow_dataset.read(table, pc.field("document_id") == self.document, columns=["document_id"])
            )
            for table in self.tables
        }

    def names_left(self) -> int:
        """How many rows of others name it."""
        return sum(
            len(arrow_dataset.read(table, pc.field(name) == self.document, columns=[name]))
            for table in self.tables
            for name in self.columns(table)
            if name != "document_id"
        )

    def take_out(self) -> list[str]:
        """Clusters first: by them the examples of a version learn the new name of a cluster."""
        documents, summaries, clusters, splits, examples = self.tables
        self._rewrite(clusters, _least(self._others(clusters)))
        known = self._clusters(clusters)
        self._rewrite(examples, {key: known.get(key, name) for key, name in _least(self._others(examples)).items()})
        self._rewrite(splits, _least(self._others(splits)))
        for table in (summaries, documents):
            self._rewrite(table, {})
        return []

    def columns(self, table: Table) -> list[str]:
        """The columns of a table that may have its id."""
        return [name for name in NAMES if name in table.column_names]

    def affected(self, table: Table) -> Callable[[pa.Table], pa.ChunkedArray]:
        """Where rows of a table have its id."""
        columns = self.columns(table)

        def has(rows: pa.Table) -> pa.ChunkedArray:
            found = (pc.fill_null(pc.equal(rows[name], self.document), False) for name in columns)
            return reduce(pc.or_, found)

        return has

    def _rewrite(self, table: Table, names: Names) -> None:
        def changed(rows: pa.Table) -> pa.Table:
            kept = rows.filter(pc.invert(pc.equal(rows["document_id"], self.document)))
            if "cluster_id" in kept.column_names:
                kept = self._renamed(kept, names)
            return self._forgotten(kept) if "nearest" in kept.column_names else kept

        rewriting.rewrite(table, self.columns(table), self.affected(table), changed)

    def _renamed(self, rows: pa.Table, names: Names) -> pa.Table:
        texts = rows["cluster_id"].to_pylist()
        keys = zip(_versions(rows), rows["document_id"].to_pylist(), strict=True)
        new = [names.get(key, text) if text == self.document else text for key, text in zip(keys, texts, strict=True)]
        place = rows.column_names.index("cluster_id")
        return rows.set_column(place, rows.schema.field(place), pa.array(new, pa.string()))

    def _forgotten(self, rows: pa.Table) -> pa.Table:
        near = pc.fill_null(pc.equal(rows["nearest"], self.document), False)
        for name in OF_NEAREST:
            place = rows.column_names.index(name)
            field = rows.schema.field(place)
            rows = rows.set_column(place, field, pc.if_else(near, pa.scalar(None, field.type), rows[name]))
        return rows

    def _others(self, table: Table) -> pa.Table:
        """The rows of others in clusters that have its name."""
        columns = [name for name in ("version", "document_id") if name in table.column_names]
        where = (pc.field("cluster_id") == self.document) & (pc.field("document_id") != self.document)
        return arrow_dataset.read(table, where, columns=columns)

    def _clusters(self, clusters: Table) -> Names:
        rows = arrow_dataset.read(clusters, columns=["version", "document_id", "cluster_id"])
        keys = zip(_versions(rows), rows["document_id"].to_pylist(), strict=True)
        return dict(zip(keys, rows["cluster_id"].to_pylist(), strict=True))


def _least(rows: pa.Table) -> dict[tuple[int, str], str]:
    """The new name of the cluster, version by version: the least id of those that are left, for each of them."""
    least: dict[int, str] = {}
    keys = list(zip(_versions(rows), rows["document_id"].to_pylist(), strict=True))
    for version, document in keys:
        least[version] = min(document, least.get(version, document))
    return {(version, document): least[version] for version, document in keys}


def _versions(rows: pa.Table) -> list[int]:
    """The version of each row; 0 where the table has none."""
    return rows["version"].to_pylist() if "version" in rows.column_names else [0] * len(rows)
