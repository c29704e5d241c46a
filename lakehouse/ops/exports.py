"""The books of what was delivered, ``ops.exports``: a line for each target and day, written before and after (rule 14).

``sending`` says that the target has what the line before it says, or what this one intends: the next run finds out and
completes it. ``sent`` says that the target has exactly these rows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow.compute as pc

from lakehouse.storage import arrow_dataset, commits, small_tables, sql_quoting
from lakehouse.tables import EXPORTS

SENDING = "sending"
SENT = "sent"

# What a line keeps of each delivery that it replaced.
KEPT = ("rows", "checksum", "model_versions", "scores_version", "fingerprint", "sent_at", "actor")


@dataclass(frozen=True, kw_only=True)
class Export:
    """One line of the books; the fields are the table's columns, lists parsed."""

    use_case: str
    target: str
    partition: dt.date
    state: str
    address: str
    rows: int | None = None
    checksum: str | None = None
    model_versions: list[int] | None = None
    scores_version: int
    fingerprint: str
    sent_at: dt.datetime | None = None
    started_at: dt.datetime
    actor: str
    earlier: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a line that says too little for what it claims."""
        told = (self.rows, self.checksum, self.model_versions, self.sent_at)
        if self.state not in (SENDING, SENT) or (self.state == SENT) != (None not in told):
            raise AssertionError(f"export of {self.partition} to {self.target}: {self.state} with {told}")


def of_use_case(use_case: str, targets: Iterable[str], days: Iterable[dt.date] | None = None) -> list[Export]:
    """The lines of these targets, of these days or of all, ordered by target and day."""
    condition = (pc.field("use_case") == use_case) & arrow_dataset.among("target", targets)
    if days is not None:
        condition &= arrow_dataset.among("partition", days)
    return [_from_row(row) for row in small_tables.read(EXPORTS, condition)]


def find(use_case: str, target: str, day: dt.date) -> Export | None:
    """The line of a target and day; None when nothing was ever sent there."""
    return next(iter(of_use_case(use_case, [target], [day])), None)


def began(line: Export) -> None:
    """Write down that sending begins. What the line before it says was sent is kept in ``earlier``."""
    _write(line, lambda present: True)


def ended(line: Export) -> None:
    """Write down that the target has exactly these rows, unless a delivery that began later has written its own line."""
    _write(line, lambda present: present is None or present.started_at <= line.started_at)


def _before(present: Export | None) -> tuple[dict[str, Any], ...]:
    if present is None:
        return ()
    if present.state == SENDING:
        return present.earlier
    kept = {name: value for name, value in asdict(present).items() if name in KEPT}
    assert present.sent_at is not None
    return (*present.earlier, kept | {"sent_at": present.sent_at.isoformat()})


def _write(line: Export, wanted: Callable[[Export | None], bool]) -> None:
    def change(present: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        before = next(map(_from_row, present), None)
        return [_as_row(replace(line, earlier=_before(before)))] if wanted(before) else None

    use_case, target = sql_quoting.literal(line.use_case), sql_quoting.literal(line.target)
    where = f"use_case = {use_case} AND target = {target} AND {sql_quoting.days_condition({line.partition})}"
    read = (
        (pc.field("use_case") == line.use_case)
        & (pc.field("target") == line.target)
        & (pc.field("partition") == line.partition)
    )
    commits.amend_rows(EXPORTS, read, where, change)


def _as_row(line: Export) -> dict[str, Any]:
    versions = None if line.model_versions is None else json.dumps(line.model_versions)
    return asdict(line) | {"model_versions": versions, "earlier": json.dumps(list(line.earlier))}


def _from_row(row: dict[str, Any]) -> Export:
    versions = row["model_versions"]
    return Export(
        **{
            **row,
            "model_versions": None if versions is None else json.loads(versions),
            "earlier": tuple(json.loads(row["earlier"])),
        }
    )
