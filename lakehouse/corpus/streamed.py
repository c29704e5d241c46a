"""The documents of a dataset as they are on a day, some at a time: their texts need not fit into memory together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.corpus import current
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset, delta_log

# So many are held: some megabytes of text.
ROWS = 1000

# What speaks against a document whose grade is all that is missing, or is too low.
_ALL_OF_GRADE = r"^(?:(?:no grade yet|grade[ :][^;]*)(?:; |$))+$"

KEPT = pc.field("kept")
# Those that pass every limit but that of the grade, which may not have been given yet.
BUT_FOR_GRADE = pc.field("kept") | pc.match_substring_regex(pc.field("reasons"), _ALL_OF_GRADE)


def batches(
    dataset: Dataset,
    as_of: dt.date,
    columns: Sequence[str],
    where: pc.Expression = KEPT,
    days: Collection[dt.date] | None = None,
    rows: int = ROWS,
) -> Iterator[pa.RecordBatch]:
    """The documents that count on a day; all batches together are what `current.read` gives, in no promised order.

    Args:
        dataset: whose.
        as_of: the day.
        columns: of the documents' table.
        where: which of those that count.
        days: only those delivered on these; None: all.
        rows: of a batch, at most.
    """
    table = tables.documents(dataset)
    version = delta_log.version(table)
    if version < 0:
        return
    counting = current.places(dataset, as_of)
    newest = dict(zip(counting["document_id"].to_pylist(), counting["partition"].to_pylist(), strict=True))
    within = pc.field("partition") <= as_of
    if days is not None:
        within &= arrow_dataset.among("partition", days)
    wanted = list(dict.fromkeys((*columns, "document_id", "partition")))
    for batch in arrow_dataset.batches(table, wanted, within & where, version, rows):
        ids, parts = batch.column("document_id").to_pylist(), batch.column("partition").to_pylist()
        counts = [newest.get(name) == day for name, day in zip(ids, parts, strict=True)]
        if any(counts):
            found = batch if all(counts) else batch.filter(pa.array(counts, pa.bool_()))
            yield found.select(list(columns))
