"""A source in an SQL database, and what its extraction lands."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

from lakehouse.declaration import Source, UseCase, loader
from lakehouse.extraction.extract import extract
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import INGESTED, Delivery

DAY = dt.date(2024, 3, 5)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
COLUMNS = [{"name": "shop", "type": "string"}, {"name": "ovens", "type": "int", "nullable": True}]


def source(columns: list[dict[str, Any]] = COLUMNS, key: tuple[str, ...] = ("shop",), **section: Any) -> Source:
    """A source; what is no field of the section ``sql`` stands beside it."""
    beside = {name: section.pop(name) for name in ("cadence", "delivers", "arrives_after_days") if name in section}
    section = {"connection": "office", **({} if "query" in section else {"table": "shops"}), **section}
    return Source.model_validate(
        {"name": "sql_shops", "cadence": "occasional", "columns": columns, "key": key, "sql": section, **beside}
    )


def use_case() -> UseCase:
    """One whose calendar is in Paris."""
    return loader.by_source("bakery_shops")[0]


def read(one: Source, first: dt.date = DAY, last: dt.date | None = None, now: dt.datetime = NOW) -> dict[str, Any]:
    def no_mongo() -> Any:
        raise AssertionError("no MongoDB is needed")

    return extract(use_case(), one, first, last or first, now, no_mongo)


def rows(file: str | Path) -> list[dict[str, Any]]:
    """The rows of a landed file."""
    content = gzip.decompress(Path(file).read_bytes()).decode()
    return [json.loads(line) for line in content.removesuffix("\n").split("\n")[1:-1]]


def landed(one: Source, first: dt.date = DAY, last: dt.date | None = None) -> list[dict[str, Any]]:
    """The rows of all files that are landed for these days."""
    return [row for file in read(one, first, last).get("files", []) for row in rows(file)]


def taken_in(day: dt.date, origin: str, status: str = INGESTED) -> None:
    """Write into the ledger what ingest would."""
    identity = deliveries.delivery_id("sql_shops", day, origin + status)
    deliveries.record([Delivery("sql_shops", identity, day, origin, "", 0, 0, 0, 0, status, NOW)])
