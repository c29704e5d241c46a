"""A dataset's calls, all that is missing: the way in for jobs."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher
from lakehouse.ops.call import FINAL
from lakehouse.teacher import access, folding, journal
from lakehouse.teacher.access import Access
from lakehouse.teacher.calling import Calling, Rules
from lakehouse.teacher.extractive.summariser import Summariser
from lakehouse.teacher.request import Request
from lakehouse.teacher.service import Service
from lakehouse.teacher.tally import Tally
from lakehouse.teacher.teacher import Teacher

Status = Literal["unchanged", "done", "incomplete", "budget spent"]

# The built-in summariser waits for nothing but the disk, which takes so many lines at once.
AT_ONCE = 32


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run did.

    Attributes:
        status: ``unchanged``: every request has its outcome already. ``done``: every one has it now. ``incomplete``: the service
            did not answer some, which the next run sends. ``budget spent``: the rest waits for a larger budget.
        requests: how many were asked for, until the budget was spent.
        shared: how many of them are the same as one before, as of documents with the same text.
        recorded: how many had their outcome from runs before.
        attempts: how often this run sent one.
        ended: how many calls of this run came to which outcome.
        open: how many calls that it began to make have none.
        cost_micros: what this run cost, in millionths of the budget's currency.
        unsure_micros: the part of it that nobody knows exactly: the most that it can have been.
        spent_micros: what all calls of the dataset have cost.
        spent_calls: how many calls of the budget they were.
        damaged_lines: lines of the journal that a killed run left half written.
    """

    status: Status
    requests: int
    shared: int
    recorded: int
    attempts: int
    ended: dict[str, int]
    open: int
    cost_micros: int
    unsure_micros: int
    spent_micros: int
    spent_calls: int
    damaged_lines: int


def teach(
    dataset: str,
    requests: Iterable[Request],
    teacher: ServiceTeacher | ExtractiveTeacher,
    budget: Budget | None = None,
    *,
    key: Access | None = None,
    again: Collection[str] = (),
    folder: Path | None = None,
    run_id: str | None = None,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Outcome:
    """Make the calls that have no outcome yet, within the budget; what came back is then in ``ops.calls``.

    Args:
        dataset: whose calls.
        requests: about its documents; one a worker is held.
        teacher: as declared.
        budget: as declared; a service needs one.
        key: of the service; looked for as declared when not given.
        again: outcomes after which a call is made, and paid, once more: of ``truncated``, ``failed``, ``unknown`` and so on.
        folder: of the journal; beside the tables when not given.
        run_id: of this run; drawn when not given.
        clock: the present.

    Raises:
        CallsBusy: another run makes them. ConnectionWrong: there is no key. TeacherUnavailable, TeacherRefused: the service is
        away, or refuses all. ServiceUnavailable: the disk takes no more lines.
    """
    if isinstance(teacher, ServiceTeacher) and budget is None:
        raise ValueError("expected a budget for a service, found none")
    if wrong := sorted(set(again) - FINAL):
        raise ValueError(f"expected outcomes ({', '.join(sorted(FINAL))}), found {', '.join(wrong)}")
    asked = _asked(teacher, key)
    with journal.opened(dataset, folder or folding.folder_of(dataset), again) as books:
        rules = _rules(dataset, teacher, run_id or uuid.uuid4().hex, clock)
        tally = asyncio.run(_run(rules, asked, budget, books, requests))
        damaged = books.damaged
    spent = journal.standing(dataset, folder or folding.folder_of(dataset)).spent
    return Outcome(
        status=_status(tally),
        requests=tally.requests,
        shared=tally.shared,
        recorded=tally.recorded,
        attempts=tally.attempts,
        ended=dict(sorted(tally.ended.items())),
        open=tally.open,
        cost_micros=tally.cost_micros,
        unsure_micros=tally.unsure_micros,
        spent_micros=spent.micros,
        spent_calls=spent.calls,
        damaged_lines=damaged,
    )


async def _run(
    rules: Rules, teacher: Teacher, budget: Budget | None, books: journal.Journal, requests: Iterable[Request]
) -> Tally:
    calling = Calling(rules, teacher, budget, books)
    await calling.run(iter(requests))
    return calling.tally


def _asked(teacher: ServiceTeacher | ExtractiveTeacher, key: Access | None) -> Teacher:
    if isinstance(teacher, ExtractiveTeacher):
        return Summariser()
    return Service(teacher, key or access.of(teacher))


def _rules(
    dataset: str, teacher: ServiceTeacher | ExtractiveTeacher, run_id: str, clock: Callable[[], dt.datetime]
) -> Rules:
    service = teacher if isinstance(teacher, ServiceTeacher) else None
    return Rules(
        dataset=dataset,
        run_id=run_id,
        concurrency=AT_ONCE if service is None else service.concurrency,
        tries=1 if service is None else service.tries,
        requests_per_minute=None if service is None else service.requests_per_minute,
        refusals=None if service is None else service.refusals,
        clock=clock,
    )


def _status(tally: Tally) -> Status:
    if tally.budget_spent:
        return "budget spent"
    if tally.open:
        return "incomplete"
    return "done" if tally.attempts else "unchanged"
