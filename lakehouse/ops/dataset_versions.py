"""The audit log of datasets' versions, ``ops.dataset_versions``: assembled, held, approved, published, erased from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import DATASET_VERSIONS

ASSEMBLED, HELD, APPROVED, PUBLISHED, ERASED = "assembled", "held", "approved", "published", "erased from"
STATES = frozenset({ASSEMBLED, HELD, APPROVED, PUBLISHED, ERASED})


@dataclass(frozen=True, kw_only=True)
class VersionEvent:
    """One line of the audit log; the fields are the table's columns, ``evidence`` parsed: of ``assembled`` the manifest, of the
    others what the gate found.
    """

    dataset: str
    version: int
    state: str
    content_digest: str
    fingerprint: str
    partition: dt.date
    documents: int
    train_rows: int
    validation_rows: int
    test_rows: int
    cost_micros: int
    folder: str | None = None
    hub_commit: str | None = None
    tag: str | None = None
    actor: str
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    happened_at: dt.datetime

    def __post_init__(self) -> None:
        """Refuse an event that readers of the log could not interpret."""
        assert self.state in STATES, f"state: expected one of {', '.join(sorted(STATES))}, found {self.state!r}"
        assert self.happened_at.tzinfo is not None, "happened_at: expected an instant with a time zone"

    @property
    def rows(self) -> dict[str, int]:
        """How many examples each split has."""
        return {"train": self.train_rows, "validation": self.validation_rows, "test": self.test_rows}


def record(event: VersionEvent) -> None:
    """Write the event, in one commit. Writing it again changes nothing."""
    where = (
        f"dataset = {sql_quoting.literal(event.dataset)} AND version = {event.version:d} "
        f"AND state = {sql_quoting.literal(event.state)} "
        f"AND happened_at = TIMESTAMP '{event.happened_at.astimezone(dt.UTC).isoformat(sep=' ')}'"
    )
    commits.replace_rows(DATASET_VERSIONS, [as_row(event)], where)


def record_first(event: VersionEvent) -> bool:
    """Write the line of a version's making, in one commit, unless the version has one. Whether it was written."""
    named = {"dataset": event.dataset, "version": event.version, "state": event.state}
    read = pc.scalar(True)
    for name, value in named.items():
        read &= pc.field(name) == value
    where = (
        f"dataset = {sql_quoting.literal(event.dataset)} AND version = {event.version:d} "
        f"AND state = {sql_quoting.literal(event.state)}"
    )
    written = False

    def change(present: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        nonlocal written
        written = not present
        return [as_row(event)] if written else None

    commits.amend_rows(DATASET_VERSIONS, read, where, change)
    return written


def as_row(event: VersionEvent) -> dict[str, Any]:
    """The event as a row of the table."""
    return vars(event) | {"evidence": json.dumps(event.evidence, sort_keys=True)}


def of_dataset(dataset: str, version: int | None = None) -> list[VersionEvent]:
    """The events of a dataset, or of one version of it, in the order in which they happened."""
    condition = pc.field("dataset") == dataset
    if version is not None:
        condition &= pc.field("version") == version
    rows = small_tables.read(DATASET_VERSIONS, condition)
    events = [VersionEvent(**{**row, "evidence": json.loads(row["evidence"])}) for row in rows]
    return sorted(events, key=lambda event: (event.happened_at, event.version))


def assembled(dataset: str, version: int | None = None) -> VersionEvent | None:
    """The newest version that was assembled, or the one of that number; None when there is none."""
    found = [event for event in of_dataset(dataset, version) if event.state == ASSEMBLED]
    return max(found, key=lambda event: event.version, default=None)


def published(dataset: str) -> Iterator[VersionEvent]:
    """The publications, in the order in which they happened."""
    return (event for event in of_dataset(dataset) if event.state == PUBLISHED)
