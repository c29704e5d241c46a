"""The platform's own tables, read once for all use cases, as far as the page needs them: ledger, events of models, exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.ops import model_events
from lakehouse.status import DAYS, ledger_files
from lakehouse.status.ledger_files import Line
from lakehouse.status.unreadable import Unreadable, guarded
from lakehouse.storage import arrow_dataset, delta_log, table_index, table_schema
from lakehouse.tables import DELIVERIES, EXPORTS, MODEL_EVENTS, Table

# The events that make another version champion.
CHANGES = (model_events.PROMOTED, model_events.ROLLED_BACK)
# Without the evidence, which is long.
EVENT_COLUMNS = ("model_name", "model_version", "event", "from_version", "actor", "reason", "run_id", "happened_at")
EXPORT_COLUMNS = ("use_case", "target", "partition", "state", "rows", "address", "sent_at", "started_at")


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
    return guarded(DELIVERIES, ledger_files.newest_days)


def ledger(since: Mapping[str, dt.date]) -> Mapping[str, Sequence[Line]] | Unreadable:
    """The lines of each source from a day on, in the order of their arrival.

    Args:
        since: by source the first day that is looked at.
    """
    return guarded(DELIVERIES, lambda: ledger_files.lines(since))


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


def _rows(table: Table, opened: DeltaTable, columns: Sequence[str], where: pc.Expression) -> pa.Table:
    dataset = arrow_dataset.open_dataset(opened, delta_log.location(table))
    rows = dataset.to_table(columns=[name for name in columns if name in dataset.schema.names], filter=where)
    schema = pa.schema([table_schema.arrow_schema(table).field(name) for name in columns])
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field.name, pa.nulls(len(rows), field.type))
    return rows.select(list(columns))
