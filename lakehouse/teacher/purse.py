"""The money and the calls that are left: reserved before a request goes out, settled by what it cost."""

from __future__ import annotations

import asyncio

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.ops.calls import Spent
from lakehouse.teacher.request import Request


class Purse:
    """What is left of a budget. Used by one run, in one thread.

    Args:
        budget: as declared; None for a teacher that costs nothing.
        spent: by the dataset's calls so far.
        stopping: set when the run ends: nobody waits longer.
    """

    def __init__(self, budget: Budget | None, spent: Spent, stopping: asyncio.Event) -> None:
        self._budget, self._stopping = budget, stopping
        self._calls, self._micros = spent.calls, spent.micros
        self._under_way = 0
        self._settled = asyncio.Event()

    def most(self, request: Request) -> int:
        """The most that a request can cost: no token has less than a byte, and no more than its limit come back."""
        return 0 if self._budget is None else self._budget.cost_micros(request.input_bytes, request.max_tokens)

    async def reserve(self, micros: int) -> bool:
        """Take so much for one attempt, once it is there; False when it isn't, and no attempt under way could give some back."""
        while not self._fits(micros):
            if not self._under_way or self._stopping.is_set():
                return False
            self._settled.clear()
            await self._settled.wait()
        self._micros += micros
        self._calls += 1
        self._under_way += 1
        return True

    def settle(self, reserved: int, cost: int, counts: bool) -> None:
        """An attempt is over.

        Args:
            reserved: what was taken for it.
            cost: what it cost, or may have cost.
            counts: whether it is a call of the budget's.
        """
        self._micros += cost - reserved
        self._calls -= not counts
        self._under_way -= 1
        self._settled.set()

    def _fits(self, micros: int) -> bool:
        if self._budget is None:
            return True
        calls = self._budget.calls
        return self._micros + micros <= self._budget.micros and (calls is None or self._calls < calls)
