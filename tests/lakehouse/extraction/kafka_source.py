"""A source in a topic of Kafka, what is written into it, and what its extraction lands."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lakehouse.connections.service import named
from lakehouse.declaration import Owner, Source, loader
from lakehouse.extraction.extract import extract
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import INGESTED, Delivery
from tests.kafka_server import Message

DAY = dt.date(2024, 3, 5)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
COLUMNS: list[dict[str, Any]] = [{"name": "shop", "type": "string"}, {"name": "ovens", "type": "int", "nullable": True}]


def day(number: int) -> dt.date:
    """DAY is number 0."""
    return DAY + dt.timedelta(days=number)


def at(number: int, hours: float = 12) -> int:
    """A timestamp of a day's window, which ends as the day ends in Paris."""
    midnight = dt.datetime.combine(day(number), dt.time(), tzinfo=dt.UTC) - dt.timedelta(hours=1)
    return int((midnight + dt.timedelta(hours=hours)).timestamp() * 1000)


def shops(names: Iterable[str], number: int = 0, hours: float = 12, **fields: Any) -> list[Message]:
    """A message for each shop."""
    return [(name, {"shop": name, **fields}, at(number, hours)) for name in names]


def source(
    topic: str, columns: list[dict[str, Any]] = COLUMNS, key: tuple[str, ...] = ("shop",), **section: Any
) -> Source:
    """A daily source; what is no field of the section ``kafka`` stands beside it."""
    beside = {name: section.pop(name) for name in ("cadence", "delivers", "arrives_after_days") if name in section}
    return Source.model_validate(
        {
            **{"name": "kafka_shops", "cadence": "daily", "arrives_after_days": 1, "columns": columns, "key": key},
            **{"kafka": {"connection": "events", "topic": topic, **section}},
            **beside,
        }
    )


def owner() -> Owner:
    """One whose calendar is in Paris."""
    return loader.by_source("bakery_shops")[0]


def read(
    one: Source,
    number: int = 0,
    through: int | None = None,
    now: dt.datetime = NOW,
    any_gap: bool = False,
    connect: Any = named,
) -> dict[str, Any]:
    def no_mongo() -> Any:
        raise AssertionError("no MongoDB is needed")

    last = number if through is None else through
    return extract(owner(), one, day(number), day(last), now, no_mongo, connect, any_gap)


def lines(file: str | Path) -> list[str]:
    """The lines of a landed file, but for its first and last."""
    return gzip.decompress(Path(file).read_bytes()).decode().removesuffix("\n").split("\n")[1:-1]


def rows(file: str | Path) -> list[Any]:
    """The rows of a landed file."""
    return [json.loads(line) for line in lines(file)]


def landed(one: Source, number: int = 0, through: int | None = None, **how: Any) -> list[str]:
    """The shops of all files that are landed for these days, in their order."""
    return [row["shop"] for file in read(one, number, through, **how).get("files", []) for row in rows(file)]


def taken_in(number: int, origin: str, status: str = INGESTED) -> None:
    """Write into the ledger what ingest would."""
    identity = deliveries.delivery_id("kafka_shops", day(number), origin + status)
    deliveries.record([Delivery("kafka_shops", identity, day(number), origin, "", 0, 0, 0, 0, status, NOW)])


def night(one: Source, number: int, **how: Any) -> list[str]:
    """Land a day, write it into the ledger, and give its shops."""
    result = read(one, number, **how)
    if result["status"] == "none":
        return []
    taken_in(number, result["origin"])
    return [row["shop"] for file in result["files"] for row in rows(file)]
