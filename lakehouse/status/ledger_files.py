"""The ledger as the page needs it: its lines of the last days, kept file by file, so that a delivery makes one file be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.storage import delta_log, kept_on_disk, stored_files, table_index, table_schema
from lakehouse.storage.log_tail import Added, Tail
from lakehouse.storage.table_index import Following
from lakehouse.tables import DELIVERIES

LINE_COLUMNS = (
    *("source", "partition", "origin", "status", "ingested_at"),
    *("delivered_rows", "accepted_rows", "rejected_rows", "duplicate_rows"),
)


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


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A file of the ledger, which has lines of one source.

    Attributes:
        source: which.
        newest: the newest day that it has a line of; None where the log does not say.
    """

    source: str
    newest: dt.date | None


Files = Mapping[str, LedgerFile]


def newest_days() -> dict[str, dt.date]:
    """The newest day that the ledger has a line of, by source; by the log alone."""
    found: dict[str, dt.date] = {}
    for one in _files().values():
        if one.newest is not None:
            found[one.source] = max(one.newest, found.get(one.source, one.newest))
    return found


def lines(since: Mapping[str, dt.date]) -> dict[str, list[Line]]:
    """The lines of each source from a day on, in the order of their arrival.

    Args:
        since: by source the first day that is looked at.
    """
    files, place = _files(), delta_log.location(DELIVERIES)
    known, new = _known(place), {}
    found: dict[str, list[Line]] = {source: [] for source in since}
    for path, one in files.items():
        first = since.get(one.source)
        if first is None or (one.newest is not None and one.newest < first):
            continue
        part = known.get(path)
        if part is None or part.first > first:
            part = new[path] = Part(first, _read(place, path, one.source, first))
        found[one.source] += [line for line in part.lines if line.partition >= first]
    if new:
        _keep(place, {path: part for path, part in known.items() if path in files} | new)
    for of_source in found.values():
        of_source.sort(key=lambda line: line.ingested_at)
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a file from a day on."""

    first: dt.date
    lines: tuple[Line, ...]


def forget() -> None:
    """Keep none in memory."""
    with _LOCK:
        _KEPT.clear()


# The lines that were read, by file, and where the ledger is that they are of: there is one at a time.
_KEPT: dict[str, Mapping[str, Part]] = {}
_LOCK = Lock()


def _files() -> Files:
    return table_index.followed(DELIVERIES, FOLLOWING) or {}


def _of_opened(opened: DeltaTable) -> Files:
    actions = pa.table(opened.get_add_actions(flatten=True))
    if not actions.num_rows:
        return {}
    names = [name for name in ("path", "partition.source", "max.partition") if name in actions.column_names]
    return {
        row["path"]: LedgerFile(row["partition.source"], _day(row.get("max.partition")))
        for row in actions.select(names).to_pylist()
    }


def _after(files: Files, tail: Tail) -> Files | None:
    found = dict(files)
    for commit in tail.commits:
        for path in commit.removed:
            found.pop(path, None)
        for added in commit.added:
            one = _of_commit(added)
            if one is None:
                return None
            found[added.path] = one
    return found


def _of_commit(added: Added) -> LedgerFile | None:
    source = added.partition.get("source")
    try:
        return None if source is None else LedgerFile(source, _day(added.greatest.get("partition")))
    except ValueError:
        return None


def _day(value: Any) -> dt.date | None:
    return value if value is None or isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


FOLLOWING: Following[Files] = Following(
    "ledger",
    _of_opened,
    _after,
    lambda files: [[path, one.source, one.newest and one.newest.isoformat()] for path, one in files.items()],
    lambda said: {path: LedgerFile(source, _day(newest)) for path, source, newest in said},
)


def _read(place: str, path: str, source: str, first: dt.date) -> tuple[Line, ...]:
    declared = table_schema.arrow_schema(DELIVERIES)
    schema = pa.schema([declared.field(name) for name in LINE_COLUMNS])
    rows = stored_files.read(place, path, schema, {"source": source})
    recent = rows.filter(pc.field("partition") >= pa.scalar(first, pa.date32()))
    return tuple(Line(**row) for row in recent.to_pylist())


def _known(place: str) -> Mapping[str, Part]:
    known = _KEPT.get(place)
    if known is None:
        known = _of_text(kept_on_disk.load(f"lines {place}"))
        _keep_in_memory(place, known)
    return known


def _keep(place: str, known: Mapping[str, Part]) -> None:
    _keep_in_memory(place, known)
    if kept_on_disk.enabled():
        kept_on_disk.save(f"lines {place}", _to_text(known))


def _keep_in_memory(place: str, known: Mapping[str, Part]) -> None:
    with _LOCK:
        _KEPT.clear()
        _KEPT[place] = known


def _to_text(known: Mapping[str, Part]) -> list[Any]:
    """What JSON can say of them."""
    return [
        [path, part.first.isoformat(), [[_plain(getattr(line, name)) for name in LINE_COLUMNS] for line in part.lines]]
        for path, part in known.items()
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _of_text(said: Any) -> Mapping[str, Part]:
    """What an earlier process read; nothing of a copy that another code wrote."""
    try:
        return {
            path: Part(dt.date.fromisoformat(first), tuple(_line(*fields) for fields in read))
            for path, first, read in said or ()
        }
    except (TypeError, ValueError):
        return {}


def _line(source: str, partition: str, origin: str, status: str, ingested_at: str, *counts: int) -> Line:
    delivered, accepted, rejected, duplicate = counts
    return Line(
        source=source,
        partition=dt.date.fromisoformat(partition),
        origin=origin,
        status=status,
        ingested_at=dt.datetime.fromisoformat(ingested_at),
        delivered_rows=delivered,
        accepted_rows=accepted,
        rejected_rows=rejected,
        duplicate_rows=duplicate,
    )
