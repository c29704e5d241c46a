"""Erase: what is about a key is taken out of everything that the platform has, and stays out.

The tombstone comes first, so that nothing takes it in again; then what there is and what was published is written down; then it
goes, place by place; and the record is closed last. Each step may be repeated: a run that was killed anywhere is run again.

What is found by something else goes before that: rows in files of MLflow by the values of features, gold by bronze, which is last.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from jobs.erase import erase_result, forgetting, held, learned_versions, place, purged_tables, reach
from jobs.erase.arguments import EraseArguments
from jobs.erase.erase_result import EraseResult
from jobs.erase.erasing import Erasing
from jobs.erase.reach import Reach
from lakehouse.errors import CallsBusy, ErasureIncomplete
from lakehouse.ops import erasures
from lakehouse.ops.erasures import DONE, Erasure
from lakehouse.storage import file_locks
from lakehouse.teacher import folding

log = logging.getLogger(__name__)

Step = Callable[[], list[str]]

LOCK = "erasure"


def run(arguments: EraseArguments) -> EraseResult:
    """Erase what is about one key, or say what would be taken out.

    Raises:
        BadArguments: when there is no such source, subject or key, or a declaration is wrong. CallsBusy: when a run makes calls
            of a dataset that reads it. RetentionRefused: when some of it is held. ErasureIncomplete: when something of it could not
            be taken out. It stays out all the same; run again.
    """
    reached, now = reach.of(arguments), dt.datetime.now(dt.UTC)
    reason = forgetting.reason(arguments.reason, reached.subjects)
    erasing = Erasing(reached, arguments.actor, reason, now)
    holds = held.by(reached, now.date())
    if holds and not arguments.despite_hold and not arguments.dry_run:
        raise held.refusal(reached, holds)
    known = [erasures.known(one.source.name, one.identity) for one in reached.subjects]
    if arguments.dry_run or all(one is not None and one.state == DONE for one in known):
        there = _everything(erasing)
        unseen = erasing.unseen()
        if arguments.dry_run:
            published = [found for one in erasing.sources for found in erasing.published(one)]
            return erase_result.result(
                reached,
                "planned",
                there,
                published,
                erasing.learned(),
                erase_result.message(
                    reached,
                    there,
                    unseen=unseen,
                    expired=erasing.expired(),
                    held=() if arguments.despite_hold else holds,
                ),
                held=holds,
                reason=reason,
            )
        if not there and not unseen:
            published = [dict(found) for one in known if one is not None for found in one.published]
            told = "nothing of it has come back since it was erased"
            return erase_result.result(reached, "unchanged", {}, *erase_result.parted(published), told)
    lines = [erasures.ask(one.source.name, one.identity, reason, arguments.actor, now) for one in reached.subjects]
    with _alone():
        lines, there = _write_down(erasing, lines)
        with _no_calls(erasing):
            _take_out(reached, erasing, lines, now)
        lines = [erasures.finish(line, dt.datetime.now(dt.UTC)) for line in lines]
    published, learned = erase_result.parted([dict(found) for line in lines for found in line.published])
    retrain = _ask_for_training(erasing, learned, arguments.actor)
    message = erase_result.message(reached, there, published, retrain=retrain, expired=erasing.expired())
    return erase_result.result(reached, "erased" if there else "none", there, published, learned, message, retrain)


def _everything(erasing: Erasing) -> dict[str, int]:
    return place.total([*erasing.shared(), *(found for one in erasing.sources for found in erasing.of(one))])


def _write_down(erasing: Erasing, lines: list[Erasure]) -> tuple[list[Erasure], dict[str, int]]:
    """What there is, before any of it goes: of each source in its own line, all else in the first."""
    shared = place.total(erasing.shared())
    there = dict(shared)
    written = []
    for number, (line, one) in enumerate(zip(lines, erasing.sources, strict=True)):
        own = place.total(erasing.of(one))
        published = erasing.published(one)
        if number == 0:
            published += erasing.learned()
        for name, count in own.items():
            there[name] = there.get(name, 0) + count
        written.append(erasures.found(line, (own | shared) if number == 0 else own, published))
    for name, count in sorted(there.items()):
        log.info("erase %s: %s: %d", lines[0].source, name, count)
    return written, dict(sorted(there.items()))


def _take_out(reached: Reach, erasing: Erasing, lines: list[Erasure], now: dt.datetime) -> None:
    """Take it out of one place after another.

    Raises:
        ErasureIncomplete: when something is left.
    """
    # The rows of gold are the way to them, and there is no other one afterwards.
    if left := [told for one in erasing.samples for told in one.take_out()]:
        raise _incomplete(reached, left, "it stays out, and nothing else of it is gone yet")
    steps: list[Step] = [one.take_out for one in erasing.elsewhere] + [one.take_out for one in erasing.gold]
    steps.append(lambda: purged_tables.purge([found for one in erasing.gold for found in one.suspects()], now))
    steps += [erasing.told.take_out, lambda: purged_tables.purge(erasing.told.suspects(), now)]
    steps.append(erasing.state.take_out)
    for line, one in zip(lines, erasing.sources, strict=True):
        steps += [found.take_out for found in (one.landing, *one.of_datasets)]
        steps += [lambda one=each, line=line: one.settle(line) for each in one.versions]  # type: ignore[misc]
        steps.append(lambda one=one: purged_tables.purge(one.suspects_of_datasets(), now))  # type: ignore[misc]
    left = [what for step in steps for what in step()]
    if left and erasing.by_bronze:
        # By its rows in bronze a later run finds again what is left.
        raise _incomplete(
            reached, left, "it stays out, and all else of it is gone but for its delivered rows, which lead to that"
        )
    for one in erasing.sources:
        left += [*one.delivered.take_out(), *purged_tables.purge(one.suspects(), now)]
    left += [f"{name}: {count}" for name, count in _everything(erasing).items()]
    left += [
        f"{rows.dataset.name}: {count} rows name it"
        for one in erasing.sources
        for rows in one.datasets
        if (count := rows.names_left())
    ]
    if left:
        raise _incomplete(reached, left, "it stays out, and all else of it is gone")


def _incomplete(reached: Reach, left: list[str], state: str) -> ErasureIncomplete:
    source = reached.subjects[0].source.name
    return ErasureIncomplete(
        f"source {source}: expected nothing left of what is erased, found: {'; '.join(dict.fromkeys(left))}; {state}: do what is "
        "said, and run again"
    )


def _ask_for_training(erasing: Erasing, learned: list[dict[str, Any]], actor: str) -> dict[str, str]:
    asked = {}
    for one in erasing.use_cases:
        versions = {found["model_version"] for found in learned if found["use_case"] == one.use_case.name}
        day = learned_versions.ask_for_training(one.use_case, versions, actor)
        if day is not None:
            asked[one.use_case.name] = day.isoformat()
    return asked


@contextmanager
def _alone() -> Iterator[None]:
    """One erasure after the other: two that write one landed file again would each bring the other's rows back."""
    file = file_locks.file_of(LOCK)
    lock = file_locks.hold_if_free(file)
    if lock is None:
        log.info("erase: waiting for another erasure, which holds %s", file)
        lock = file_locks.hold(file)
    with lock:
        yield


@contextmanager
def _no_calls(erasing: Erasing) -> Iterator[None]:
    """No run makes calls of the datasets meanwhile.

    Raises:
        CallsBusy: when one does.
    """
    with ExitStack() as held:
        for dataset in erasing.datasets:
            file = folding.folder_of(dataset.name) / "lock"
            lock = file_locks.hold_if_free(file)
            if lock is None:
                raise CallsBusy(
                    f"dataset {dataset.name}: expected no run that makes its calls, found one; the document stays out from now on, "
                    f"and nothing was taken out yet: wait until it has ended, and erase it again (it holds {file})"
                )
            held.enter_context(lock)
        yield
