"""Erase: a document of a source is taken out of everything that the platform has of it, and stays out.

The tombstone comes first, so that nothing takes the document in again; then what there is and what was published is written down;
then it goes, place by place; and the record is closed last. Each step may be repeated: a run that was killed anywhere is run again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from jobs.erase import forgetting, place, purged_tables, subject
from jobs.erase.arguments import EraseArguments
from jobs.erase.dataset_rows import DatasetRows
from jobs.erase.delivered_rows import DeliveredRows
from jobs.erase.landing_zone import LandingZone
from jobs.erase.place import Place
from jobs.erase.recorded_calls import RecordedCalls
from jobs.erase.subject import Subject
from jobs.erase.versions import Versions
from jobs.result import Result
from lakehouse.errors import CallsBusy, ErasureIncomplete
from lakehouse.ops import erasures
from lakehouse.ops.erasures import DONE
from lakehouse.storage import file_locks
from lakehouse.teacher import folding

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class EraseResult(Result):
    """What was taken out of where, or would be.

    Attributes:
        source: whose document.
        places: how many rows, files or calls of each place.
        published: the versions that had it, and where they were: what others have of them can't be called back.
        use_cases: those that read the source: their tables are not touched.
    """

    source: str
    places: dict[str, int] = field(default_factory=dict)
    published: list[dict[str, Any]] = field(default_factory=list)
    use_cases: list[str] = field(default_factory=list)


class Erasing:
    """The places of one document."""

    def __init__(self, of: Subject, arguments: EraseArguments, now: dt.datetime) -> None:
        """Nothing is read yet."""
        reason = forgetting.in_text(arguments.reason, of.id)
        self.delivered = DeliveredRows(of)
        self.landing = LandingZone(of, now)
        self.datasets = [DatasetRows(one, of.id) for one in of.datasets]
        self.calls = [RecordedCalls(one, of.id) for one in of.datasets]
        self.versions = [Versions(one, of.id, arguments.actor, reason, now) for one in of.datasets]

    @property
    def places(self) -> list[Place]:
        """In the order in which the document is taken out: the calls while the tables still say which texts were its."""
        return [self.landing, self.delivered, *self.calls, *self.datasets, *self.versions]

    def published(self) -> list[dict[str, Any]]:
        """The versions that have it."""
        return [one for versions in self.versions for one in versions.published()]

    def suspects(self) -> list[purged_tables.Suspect]:
        """The tables whose earlier versions may have it."""
        return purged_tables.of(self.delivered, self.datasets, self.calls, self.versions)


def run(arguments: EraseArguments) -> EraseResult:
    """Erase one document, or say what would be taken out.

    Raises:
        BadArguments: when the source has no documents. CallsBusy: when a run makes calls of a dataset that reads it.
            ErasureIncomplete: when something of it could not be taken out. It stays out all the same; run again.
    """
    of, now = subject.of(arguments.source, arguments.document), dt.datetime.now(dt.UTC)
    erasing = Erasing(of, arguments, now)
    before = erasures.known(of.source.name, of.id)
    if arguments.dry_run or (before is not None and before.state == DONE):
        there = place.total(erasing.places)
        if arguments.dry_run:
            return _result(of, "planned" if there else "none", there, erasing.published(), _message(of, there))
        if not there:
            assert before is not None
            told = "nothing of it has come back since it was erased"
            return _result(of, "unchanged", {}, [dict(one) for one in before.published], told)
    erasure = erasures.ask(of.source.name, of.id, forgetting.in_text(arguments.reason, of.id), arguments.actor, now)
    there = place.total(erasing.places)
    erasure = erasures.found(erasure, there, erasing.published())
    for name, count in there.items():
        log.info("erase %s: %s: %d", of.source.name, name, count)
    with _no_calls(of):
        steps: list[Callable[[], list[str]]] = [one.take_out for one in erasing.places]
        steps += [lambda one=one: one.settle(erasure) for one in erasing.versions]  # type: ignore[misc]
        steps.append(lambda: purged_tables.purge(erasing.suspects(), now))
        left = [what for step in steps for what in step()]
    left += [f"{name}: {count}" for name, count in place.total(erasing.places).items()]
    left += [f"{one.dataset.name}: {count} rows name it" for one in erasing.datasets if (count := one.names_left())]
    if left:
        raise ErasureIncomplete(
            f"source {of.source.name}: expected nothing left of the document, found: {'; '.join(left)}; it stays out, and all else "
            "of it is gone: do what is said, and run again"
        )
    done = erasures.finish(erasure, now)
    published = [dict(one) for one in done.published]
    return _result(of, "erased" if there else "none", there, published, _message(of, there, published))


@contextmanager
def _no_calls(of: Subject) -> Iterator[None]:
    """No run makes calls of the datasets meanwhile.

    Raises:
        CallsBusy: when one does.
    """
    with ExitStack() as held:
        for dataset in of.datasets:
            file = folding.folder_of(dataset.name) / "lock"
            lock = file_locks.hold_if_free(file)
            if lock is None:
                raise CallsBusy(
                    f"dataset {dataset.name}: expected no run that makes its calls, found one; the document stays out from now on, "
                    f"and nothing was taken out yet: wait until it has ended, and erase it again (it holds {file})"
                )
            held.enter_context(lock)
        yield


def _message(of: Subject, there: dict[str, int], published: list[dict[str, Any]] | None = None) -> str:
    told = []
    if not there:
        told.append("nothing of it is here; once it is asked for, it stays out if it is delivered later")
    if of.use_cases:
        told.append(
            f"the tables of {', '.join(of.use_cases)}, which read {of.source.name} too, are not touched: restate builds their "
            "days again"
        )
    hub = [one for one in published or [] if one.get("commit")]
    if hub:
        where = ", ".join(sorted({f"{one['repository']} at {one['tag']} ({one['commit']})" for one in hub}))
        told.append(
            f"the Hub has it still: {where}: the next release goes there, and docs/erasure.md says what is left to do"
        )
    return "; ".join(told)


def _result(
    of: Subject, status: str, there: dict[str, int], published: list[dict[str, Any]], message: str
) -> EraseResult:
    return EraseResult(
        status=status,
        message=message,
        source=of.source.name,
        places=there,
        published=published,
        use_cases=list(of.use_cases),
    )
