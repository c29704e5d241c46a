"""Samples of deliveries as `new` meets them, and what ingestion makes of the folder that it writes."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from jobs.ingest import contract_checks, parse, pieces
from jobs.ingest.lines import LINE, MALFORMED, RAW, Layout
from lakehouse.declaration import Source, UseCase, loader
from lakehouse.scaffold import from_sample
from lakehouse.scaffold.draft import Draft
from lakehouse.scaffold.request import Request

FIRST = dt.date(2024, 2, 20)


def written(header: list[str], rows: list[list[Any]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """The bytes of a CSV file."""
    text = io.StringIO(newline="")
    out = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    out.writerows([header, *rows])
    return text.getvalue().encode(encoding, "replace")


def new(folder: Path, *files: Path | str, **how: Any) -> tuple[Draft, UseCase, Path]:
    """Make a use case of these files, and load it again; the landing zone is beside its folder."""
    landing = folder / "landing"
    request = Request(
        **{"name": "case", "into": folder / "brought", "landing": landing, "files": tuple(map(str, files)), **how}
    )
    draft, _ = from_sample.make(request)
    return draft, loader.load(folder / "brought" / request.name / "use_case.yaml"), landing


def rejects(source: Source, file: Path, zone: str = "UTC") -> tuple[int, list[list[str]]]:
    """How many rows ingestion finds in a delivery, and the reasons of those that it would reject."""
    layout = Layout.of(source)
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    tables = [table for piece in pieces.cut(file, checksum, layout) for table in parse.tables(piece, layout)]
    rows = pa.concat_tables(tables)
    arrived = {
        "malformed": rows.column(MALFORMED),
        "raw": rows.column(RAW),
        "line": rows.column(LINE),
        "delivered_file": pa.nulls(len(rows), pa.string()),
        "delivery_id": pa.array(["d"] * len(rows)),
        "ingested_at": pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * len(rows), pa.timestamp("us", "UTC")),
        "partition": pa.array([FIRST] * len(rows)),
    }
    bronze = pa.table({**{column.name: rows.column(column.name) for column in source.columns}, **arrived})
    checked = contract_checks.check(bronze, source, ZoneInfo(zone))
    return len(rows), [why for why in checked.column("_reasons").to_pylist() if why]


def all_rejects(use_case: UseCase, landing: Path) -> tuple[dict[str, int], list[list[str]]]:
    """The rows of each source that landed, and all reasons."""
    counts: dict[str, int] = {}
    reasons: list[list[str]] = []
    for source in use_case.sources:
        for file in sorted((landing / source.name).iterdir()):
            rows, why = rejects(source, file, use_case.calendar.timezone)
            counts[source.name] = counts.get(source.name, 0) + rows
            reasons += why
    return counts, reasons
