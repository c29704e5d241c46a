"""The examples of one version, as they are at one version of their table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset, delta_log

# Of a megabyte each, which are rare, still no more than a gigabyte.
BATCH_ROWS = 1_000


@dataclass(frozen=True)
class VersionRows:
    """Whose examples, of which version, and the version of their table: whatever is read of them is read of the same rows."""

    dataset: Dataset
    version: int
    at_version: int

    @classmethod
    def now(cls, dataset: Dataset, version: int) -> VersionRows:
        """As they are now."""
        return cls(dataset, version, delta_log.version(tables.examples(dataset)))

    def batches(self, *columns: str, split: str | None = None) -> Iterator[pa.RecordBatch]:
        """Some columns of the examples, of one split or of all, some rows at a time, in no order."""
        if self.at_version < 0:
            return iter(())
        where = pc.field("version") == self.version
        if split is not None:
            where &= pc.field("split") == split
        return iter(
            arrow_dataset.batches(tables.examples(self.dataset), columns, where, self.at_version, rows=BATCH_ROWS)
        )

    def lines(self, *columns: str) -> pa.Table:
        """Some columns of all examples, in the order of documents and variants: columns of few characters."""
        names = tuple(dict.fromkeys((*columns, "document_id", "variant", "example_id")))
        batches = list(self.batches(*names))
        empty = pa.schema([(name, pa.string()) for name in names])
        table = pa.Table.from_batches(batches) if batches else empty.empty_table()
        order = [(name, "ascending") for name in ("document_id", "variant", "example_id")]
        return table.sort_by(order).select(list(columns))
