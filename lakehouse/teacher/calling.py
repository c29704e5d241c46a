"""The loop that makes calls: as many under way as are declared, each written down before it is sent and after it ended."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.errors import NightjarError, TeacherRefused, TeacherUnavailable
from lakehouse.ops.call import FAILED, REPLIED, Call
from lakehouse.teacher import attempt
from lakehouse.teacher.journal import Journal
from lakehouse.teacher.no_answer import NoAnswer
from lakehouse.teacher.pace import Pace
from lakehouse.teacher.purse import Purse
from lakehouse.teacher.request import Request
from lakehouse.teacher.tally import Tally
from lakehouse.teacher.teacher import Teacher

# Before a call is sent again, in s: twice as long each time, and never the same for two of them.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
# A service that asks to wait longer is left alone until the next run.
LONGEST_PAUSE = 300.0
# So often a call waits as the service asks; these are no tries: the service is well, and says when.
PAUSES = 100
# So many calls in a row without an answer by all their tries: the service is away. So many refused and none answered: it is no
# matter of documents.
IN_VAIN, DECLINED = 3, 10


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What decides how calls are made, beside teacher and budget."""

    dataset: str
    run_id: str
    concurrency: int
    tries: int
    requests_per_minute: int | None
    refusals: tuple[str, ...] | None
    clock: Callable[[], dt.datetime]


class Calling:
    """One run of the loop.

    Args:
        rules: how calls are made.
        teacher: who is asked.
        budget: what it may cost; None for a teacher that is free.
        journal: the books, open.
    """

    def __init__(self, rules: Rules, teacher: Teacher, budget: Budget | None, journal: Journal) -> None:
        self._rules, self._teacher, self._budget, self._journal = rules, teacher, budget, journal
        self._stopping = asyncio.Event()
        self._purse = Purse(budget, journal.standing.spent, self._stopping)
        self._pace = Pace(rules.requests_per_minute, self._stopping)
        self._seen: set[str] = set()
        self._in_vain = 0
        self._replies = 0
        self._error: NightjarError | None = None
        self.tally = Tally()

    async def run(self, requests: Iterator[Request]) -> None:
        """Make the calls of these requests that have no outcome yet.

        Raises:
            TeacherUnavailable, TeacherRefused: the service is away, or refuses all. What is under way is waited for first.
        """
        async with self._teacher:
            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(self._rules.concurrency):
                        workers.create_task(self._work(requests))
            finally:
                await self._journal.settle()
        if self._error is not None:
            raise self._error

    async def _work(self, requests: Iterator[Request]) -> None:
        passed_over = 0
        try:
            while not self._stopping.is_set() and (request := next(requests, None)) is not None:
                if self._is_new(request):
                    await self._make(request)
                    continue
                passed_over += 1
                if passed_over % 1000 == 0:
                    await asyncio.sleep(0)
        except NightjarError as error:
            # The other workers end what they have under way: it is paid.
            self._stop(error)

    def _is_new(self, request: Request) -> bool:
        """Whether a call is to be made for it: none was in this run, and none before has an outcome."""
        known, before = request.key in self._journal.standing.final, request.key in self._seen
        self._seen.add(request.key)
        self.tally.requests += 1
        self.tally.shared += before
        self.tally.recorded += known and not before
        return not (known or before)

    async def _make(self, request: Request) -> None:
        call = self._journal.standing.others.get(request.key) or attempt.begun(
            request, self._rules.dataset, self._rules.run_id, self._rules.clock()
        )
        tries = pauses = 0
        pause: float | None = None
        while tries < self._rules.tries and pauses < PAUSES:
            if tries and not pause:
                await self._pace.wait(random.uniform(0.5, 1) * min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT))
            most = self._purse.most(request)
            if not await self._purse.reserve(most):
                if not self._stopping.is_set():
                    self.tally.budget_spent = True
                    self._stopping.set()
                break
            before = call
            try:
                if not await self._pace.turn():
                    break
                call, pause = await self._attempt(request, call, most)
            finally:
                self._purse.settle(most, call.cost_micros - before.cost_micros, call.counted > before.counted)
                self.tally.add(before, call)
            if call.ended_at is not None:
                self._ended(call)
                return
            tries, pauses = (tries, pauses + 1) if pause else (tries + 1, pauses)
        else:
            self._gave_up(call)
        self.tally.open += 1

    async def _attempt(self, request: Request, call: Call, most: int) -> tuple[Call, float | None]:
        """One attempt: the call after it, and the pause that the service asks for."""
        call = call.sending(most, self._rules.run_id, self._rules.clock())
        if not self._teacher.free:
            await self._journal.write(call)
        self.tally.attempts += 1
        pause, rules = None, self._rules
        try:
            reply = await self._teacher.ask(request, call.replies)
            call = attempt.replied(call, request, reply, self._budget, rules.refusals, rules.clock())
        except NoAnswer as error:
            pause = error.pause
            self._slow_down(error)
            call = attempt.not_answered(call, error, rules.clock())
        except TeacherRefused as error:
            self._journal.note(call.not_sent(str(error)))
            raise
        if self._teacher.free:
            await self._journal.write(call)
        else:
            # On the disk before this worker sends its next request: `write` waits for both.
            self._journal.note(call)
        return call, pause

    def _slow_down(self, error: NoAnswer) -> None:
        """Do as the service asks: pause, or leave it alone until the next run."""
        if error.pause is None:
            return
        if error.pause > LONGEST_PAUSE:
            self._stop(self._unavailable(f"it asks to wait {error.pause:.0f} s ({error})"))
        else:
            self._pace.hold(error.pause)

    def _ended(self, call: Call) -> None:
        self.tally.ended[call.state] += 1
        if call.state in REPLIED:
            self._replies += 1
            self._in_vain = 0
        elif not self._replies and self.tally.ended[FAILED] >= DECLINED:
            self._stop(
                TeacherRefused(
                    f"{call.endpoint}: expected answers of {call.model}, found the first {DECLINED} requests refused, the last "
                    f"with {call.error}; correct what is asked for, and run again"
                )
            )

    def _gave_up(self, call: Call) -> None:
        self._in_vain += 1
        if self._in_vain >= IN_VAIN:
            self._stop(
                self._unavailable(f"the last {IN_VAIN} calls got none in {self._rules.tries} tries each ({call.error})")
            )

    def _unavailable(self, found: str) -> TeacherUnavailable:
        return TeacherUnavailable(
            f"dataset {self._rules.dataset}: expected answers of its teacher, found none: {found}; what was answered is kept: when "
            "the service is well, run again"
        )

    def _stop(self, error: NightjarError) -> None:
        self._error = self._error or error
        self._stopping.set()
