"""Publish: the newest row of each key of a feature group -> its serving table, all at once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jobs.publish import server, version
from jobs.publish.arguments import PublishArguments
from jobs.publish.note import Note
from jobs.publish.serving_rows import ServingRows
from jobs.result import Result
from lakehouse.declaration import FeatureGroup, feature_groups
from lakehouse.errors import TargetRefused
from lakehouse.storage import file_locks

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PublishResult(Result):
    """What the serving table has: how many keys, of which day, read at which version of the group's table, and where it is."""

    rows: int = 0
    day: dt.date | None = None
    table_version: int = -1
    address: str = ""


def run(arguments: PublishArguments) -> PublishResult:
    """Make the serving table have the newest row of each key; leave it alone when it has.

    A day in the past that is built again changes what is served of the keys alone whose newest row it has.

    Raises:
        BadArguments: when there is no such group. FeaturesMissing: when none of its days is built.
        TargetUnavailable, TargetRefused, ConnectionWrong: the table has what it had before.
    """
    group = feature_groups.by_name(arguments.group, arguments.version)
    if group.publish is None:
        return PublishResult(status="none", message=f"{group.name} v{group.version} declares no publish")
    place = server.of(group)
    with _alone(group), place.held() as held:
        # Read now, when no other run publishes: of two runs neither replaces newer rows by older ones.
        rows = ServingRows.now(group, version.PUBLISHED)
        there = held.note
        if there is not None and there.fingerprint == rows.fingerprint and not arguments.force:
            return _result("unchanged", there, place.address)
        if there is not None and there.source_version > rows.version and not arguments.force:
            raise TargetRefused(
                f"publication of {group.name} v{group.version}, {place.address}: expected rows newer than those served, found "
                f"version {rows.version} of the table, there {there.source_version}: was the lakehouse restored from a backup, or "
                "made again? To replace what is served: --force"
            )
        note = Note(
            feature_group=group.name,
            version=group.version,
            day=rows.day,
            fingerprint=rows.fingerprint,
            source_version=rows.version,
            rows=rows.count,
            published_at=dt.datetime.now(dt.UTC),
        )
        held.replace(rows.batches(), note, arguments.force)
    log.info("publish: %s: %d key(s) of %s are served from %s", group.table_name, note.rows, note.day, place.address)
    return _result("published", note, place.address)


def _result(status: str, note: Note, address: str) -> PublishResult:
    return PublishResult(
        status=status, rows=note.rows, day=note.day, table_version=note.source_version, address=address
    )


@contextmanager
def _alone(group: FeatureGroup) -> Iterator[None]:
    """One publication of a group at a time; other hosts of a lakehouse at an address are kept apart by the place's own guard."""
    with file_locks.locked(file_locks.file_of(f"publish {group.table_name}")):
        yield
