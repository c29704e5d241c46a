"""Rows of erased documents: of each only its place is left, so that the ledger still counts what was delivered."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.delivery_errors import KEPT_OUT

# Of a bronze row: where it was.
PLACE = ("line", "delivery_id", "delivered_file", "ingested_at", "partition")


def blanked(rows: pa.Table, erased: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Bronze rows without anything that the erased ones among them said.

    Args:
        rows: with the columns of bronze.
        erased: which of them are.
    """
    texts = {"raw": "", "malformed": KEPT_OUT}
    columns = [
        rows.column(field.name)
        if field.name in PLACE
        else pc.if_else(erased, pa.scalar(texts.get(field.name), field.type), rows.column(field.name))
        for field in rows.schema
    ]
    return pa.table(columns, schema=rows.schema)
