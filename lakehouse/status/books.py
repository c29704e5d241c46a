"""The platform's own tables, read once for all use cases, as far as the page needs them: ledger, events of models, exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.ops import model_events
from lakehouse.status import DAYS
from lakehouse.status.unreadable import Unreadable, guarded
from lakehouse.storage import arrow_dataset, delta_log, table_index, table_schema
from lakehouse.tables import DELIVERIES, EXPORTS, MODEL_EVENTS, Table

# The events that make another version champion.
CHANGES = (model_events.PROMOTED, model_events.ROLLED_BACK)
# Without the evidence, which is long.
EVENT_COLUMNS = ("model_name", "model_version", "event", "from_version", "actor", "reason", "run_id", "happened_at")
LINE_COLUMNS = (
    *("source", "partition", "origin", "status", "ingested_at"),
    *("delivered_rows", "accepted_rows", "rejected_rows", "duplicate_rows"),
)
EXPORT_COLUMNS = ("use_case", "target", "partition", "state", "rows", "address", "sent_at", "started_at")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the ledger; the fields are the table's columns."""

    source: str
    partition: dt.date
    origin: str
    status: str
    ingested_at: dt.datetime
    delivered_rows: int
    accepted_rows: int
    rejected_rows: int
    duplicate_rows: int


@dataclass(frozen=True, kw_only=True)
class ModelEvent:
    """A line of the audit log without its evidence; the fields are the table's columns."""

    model_name: str
    model_version: int
    event: str
    from_version: int | None
    actor: str
    reason: str
    run_id: str
    happened_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class ExportLine:
    """What a target has of a day; the fields are the table's columns."""

    use_case: str
    target: str
    partition: dt.date
    state: str
    rows: int | None
    address: str
    sent_at: dt.datetime | None
    started_at: dt.datetime


def newest_days() -> Mapping[str, dt.date] | Unreadable:
    """The newest day that the ledger has a line of, by source; by the log alone."""
    return guarded(DELIVERIES, lambda: table_index.kept(DELIVERIES, "newest", _newest_by_source) or {})


def ledger(since: Mapping[str, dt.date]) -> Mapping[str, Sequence[Line]] | Unreadable:
    """The lines of each source from a day on, in the order of their arrival.

    Args:
        since: by source the first day that is looked at.
    """

    def read(opened: DeltaTable) -> dict[str, list[Line]]:
        starts: dict[dt.date, list[str]] = {}
        for source, first in since.items():
            starts.setdefault(first, []).append(source)
        where = pc.scalar(False)
        for first, sources in starts.items():
            where |= arrow_dataset.among("source", sources) & (pc.field("partition") >= first)
        found: dict[str, list[Line]] = {source: [] for source in since}
        for row in _rows(DELIVERIES, opened, LINE_COLUMNS, where).sort_by("ingested_at").to_pylist():
            found[row["source"]].append(Line(**row))
        return found

    what = f"ledger {hash(tuple(sorted(since.items())))}"
    return guarded(DELIVERIES, lambda: table_index.kept(DELIVERIES, what, read) or {})


def events(since: dt.datetime) -> Mapping[str, Sequence[ModelEvent]] | Unreadable:
    """By model every change of its champion, and what else happened since an instant; in order."""
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)

    def read(opened: DeltaTable) -> dict[str, list[ModelEvent]]:
        where = arrow_dataset.among("event", CHANGES) | (
            pc.field("happened_at") >= pa.scalar(day, pa.timestamp("us", "UTC"))
        )
        found: dict[str, list[ModelEvent]] = {}
        rows = _rows(MODEL_EVENTS, opened, EVENT_COLUMNS, where)
        for row in rows.sort_by([("happened_at", "ascending"), ("model_version", "ascending")]).to_pylist():
            found.setdefault(row["model_name"], []).append(ModelEvent(**row))
        return found

    return guarded(MODEL_EVENTS, lambda: table_index.kept(MODEL_EVENTS, f"events since {day}", read) or {})


def exports(
    use_cases: Iterable[str], since: dt.date
) -> Mapping[tuple[str, dt.date], Sequence[ExportLine]] | Unreadable:
    """What targets have of the days from one on, by use case and day."""
    names = sorted(set(use_cases))

    def read(opened: DeltaTable) -> dict[tuple[str, dt.date], list[ExportLine]]:
        where = arrow_dataset.among("use_case", names) & (pc.field("partition") >= since)
        found: dict[tuple[str, dt.date], list[ExportLine]] = {}
        for row in _rows(EXPORTS, opened, EXPORT_COLUMNS, where).to_pylist():
            found.setdefault((row["use_case"], row["partition"]), []).append(ExportLine(**row))
        return found

    if not names:
        return {}
    what = f"exports {hash(tuple(names))} {since}"
    return guarded(EXPORTS, lambda: table_index.kept(EXPORTS, what, read) or {})


def first_day(day: dt.date) -> dt.date:
    """The first day that is looked back at from one."""
    return day - dt.timedelta(days=DAYS - 1)


def _newest_by_source(opened: DeltaTable) -> dict[str, dt.date]:
    actions = pa.table(opened.get_add_actions(flatten=True))
    if not actions.num_rows or "max.partition" not in actions.column_names:
        return {}
    newest = actions.group_by("partition.source").aggregate([("max.partition", "max")])
    return {
        row["partition.source"]: _day(row["max.partition_max"])
        for row in newest.to_pylist()
        if row["max.partition_max"]
    }


def _day(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def _rows(table: Table, opened: DeltaTable, columns: Sequence[str], where: pc.Expression) -> pa.Table:
    dataset = arrow_dataset.open_dataset(opened, delta_log.location(table))
    rows = dataset.to_table(columns=[name for name in columns if name in dataset.schema.names], filter=where)
    schema = pa.schema([table_schema.arrow_schema(table).field(name) for name in columns])
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field.name, pa.nulls(len(rows), field.type))
    return rows.select(list(columns))
