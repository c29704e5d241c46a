"""From landing to bronze: every line of new deliveries as it came, with its delivery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jobs.ingest import kept_out_rows, parse, pieces
from jobs.ingest.landing import Landed
from jobs.ingest.lines import EXTRA, LINE, MALFORMED, RAW, Layout
from jobs.ingest.pieces import Piece
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.ops import kept_out
from lakehouse.ops.kept_out import KeptOut
from lakehouse.storage import commits, table_schema, table_shape
from lakehouse.storage.file_commits import Replaced

# Deliveries of so many bytes are parsed in this process; greater ones by Spark's workers. A packed byte is some of them.
HERE_BYTES = 64 << 20
UNPACKED = {".gz": 8, ".parquet": 5}

NOTHING_ERASED = KeptOut()


@dataclass(frozen=True)
class DeliveredPiece:
    """A piece of a file, and the columns that its rows get from their delivery."""

    piece: Piece
    stamps: Mapping[str, Any]


def write(source: Source, new: list[Landed]) -> None:
    """Replace the deliveries' rows in bronze, in one commit. Of erased documents nothing is taken in."""
    layout, erased = Layout.of(source), kept_out.of_source(source)
    replaced: Replaced = {
        "partition": {item.delivery.partition for item in new},
        "delivery_id": {item.id for item in new},
    }
    if estimated_bytes(new) > HERE_BYTES:
        from jobs.ingest.many_rows import parse_by_spark

        table = tables.bronze(source)
        table_shape.ensure(table)
        commits.replace_by_files(
            parse_by_spark(source, layout, list(delivered_pieces(new, layout)), erased), table, replaced
        )
        return
    schema = table_schema.arrow_schema(tables.bronze(source))
    found = [rows(item, schema, layout, erased) for item in whole_files(new)]
    commits.replace_table(
        pa.concat_tables([table for parts in found for table in parts]), tables.bronze(source), replaced
    )


def estimated_bytes(new: list[Landed]) -> int:
    """About how many bytes of text the deliveries are."""
    return sum(file.stat().st_size * UNPACKED.get(file.suffix, 1) for item in new for file in item.files)


def whole_files(new: list[Landed]) -> Iterator[DeliveredPiece]:
    """The files of the deliveries, each as one piece."""
    for item in new:
        for file, checksum in item.files.items():
            yield DeliveredPiece(Piece(str(file), pieces.kind_of(file.name), True, checksum), _stamps(item, file.name))


def delivered_pieces(new: list[Landed], layout: Layout) -> Iterator[DeliveredPiece]:
    """The pieces of the deliveries' files that can be parsed apart from one another."""
    for item in new:
        for file, checksum in item.files.items():
            for piece in pieces.cut(file, checksum, layout):
                yield DeliveredPiece(piece, _stamps(item, file.name))


def _stamps(item: Landed, name: str) -> dict[str, Any]:
    return {
        "delivery_id": item.id,
        "delivered_file": name if item.folder is not None else None,
        "ingested_at": item.delivery.ingested_at,
        "partition": item.delivery.partition,
    }


def rows(
    item: DeliveredPiece, schema: pa.Schema, layout: Layout, erased: KeptOut = NOTHING_ERASED
) -> Iterator[pa.Table]:
    """The rows of a piece, some at a time, with the columns of bronze, which ``schema`` has; of erased ones their places alone."""
    for found in parse.tables(item.piece, layout):
        named = {"extra": EXTRA, "raw": RAW, "malformed": MALFORMED, "line": LINE}
        columns = {name: found.column(named.get(name, name)) for name in schema.names if name not in item.stamps}
        stamps = {
            name: pa.repeat(pa.scalar(value, schema.field(name).type), len(found))
            for name, value in item.stamps.items()
        }
        delivered = pa.table([{**columns, **stamps}[name] for name in schema.names], schema=schema)
        out = erased.mask(delivered) if erased else []
        yield kept_out_rows.blanked(delivered, pa.array(out)) if any(out) else delivered
