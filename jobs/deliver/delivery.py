"""One delivery: a day of scores, read at one version, to one target; written down before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jobs.deliver import place, rows
from jobs.deliver.marker import Marker
from jobs.deliver.place import HeldDay
from jobs.deliver.rows import Checksum
from lakehouse.declaration import Target, UseCase
from lakehouse.errors import TargetRefused
from lakehouse.ops import exports
from lakehouse.ops.exports import Export
from lakehouse.staleness.export_plan import Scores
from lakehouse.storage import file_locks


@dataclass(frozen=True)
class Delivery:
    """A day of a target. ``code`` is the version of what decides the rows."""

    use_case: UseCase
    target: Target
    day: dt.date
    code: int
    actor: str

    def is_up_to_date(self, line: Export, scores: Scores) -> bool:
        """Whether the line of the books says that the target has these scores."""
        return line.state == exports.SENT and line.fingerprint == scores.fingerprint(self.target, self.day, self.code)

    def differs(self, line: Export) -> bool:
        """Whether the target has other rows than the books say."""
        found = Checksum()
        for values in place.of(self.use_case, self.target).there(self.day):
            found.add(values)
        return (found.rows, found.text) != (line.rows, line.checksum)

    def send(self, force: bool) -> tuple[str, Export]:
        """Make the target have exactly the day's scores.

        Args:
            force: also when the target says that it has them, or newer ones.

        Returns:
            sent, or completed when a run that was killed had sent them; and the line of the books.

        Raises:
            TargetUnavailable, TargetRefused, ConnectionWrong: the books say ``sending``, and the next delivery completes it.
        """
        with self._alone(), place.of(self.use_case, self.target).held(self.day) as held:
            # Read now, when no other run sends this day: of two runs neither replaces newer scores by older ones.
            scores = Scores.now(self.use_case)
            fingerprint = scores.fingerprint(self.target, self.day, self.code)
            line = Export(
                use_case=self.use_case.name,
                target=self.target.name,
                partition=self.day,
                state=exports.SENDING,
                address=self.target.address,
                scores_version=scores.version,
                fingerprint=fingerprint,
                started_at=dt.datetime.now(dt.UTC),
                actor=self.actor,
            )
            there = held.marker
            if there is not None and there.fingerprint == fingerprint and not force:
                return "completed", self._write_down(line, there)
            if there is not None and there.scores_version > scores.version and not force:
                raise TargetRefused(
                    f"delivery of {self.use_case.name} to {self.target.name}: expected scores newer than what the target "
                    f"has of {self.day}, found version {scores.version} of the table, there {there.scores_version}: was the "
                    "lakehouse restored from a backup, or made again? To replace what is there: --force"
                )
            exports.began(line)
            marker = self._stream(held, scores, fingerprint, force)
            held.finish(marker)
            return "sent", self._write_down(line, marker)

    def _stream(self, held: HeldDay, scores: Scores, fingerprint: str, force: bool) -> Marker:
        names = list(self.use_case.delivered_columns(self.target))
        stored = place.of(self.use_case, self.target).stored
        checksum, versions = Checksum(), set[int]()
        held.begin(fingerprint, scores.version, force)
        if self.day in scores.files:
            for batch in rows.batches(self.use_case, self.target, self.day, scores.version):
                versions.update(batch.column("model_version").to_pylist())
                wanted = batch.select(names)
                for values in zip(*(column.to_pylist() for column in wanted.columns), strict=True):
                    checksum.add(map(stored, values))
                held.put(wanted)
        return Marker(
            fingerprint=fingerprint,
            scores_version=scores.version,
            rows=checksum.rows,
            checksum=checksum.text,
            model_versions=sorted(versions),
            sent_at=dt.datetime.now(dt.UTC),
        )

    def _write_down(self, line: Export, marker: Marker) -> Export:
        ended = replace(
            line,
            state=exports.SENT,
            rows=marker.rows,
            checksum=marker.checksum,
            model_versions=marker.model_versions,
            scores_version=marker.scores_version,
            sent_at=marker.sent_at,
        )
        exports.ended(ended)
        return ended

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One delivery to a target at a time, for all that share the lakehouse's folder; the targets guard themselves."""
        with file_locks.locked(file_locks.file_of(f"deliver.{self.use_case.name}.{self.target.name}")):
            yield
