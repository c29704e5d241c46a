"""How fast requests go out: at most so many a minute, and none while the service asks for a pause."""

from __future__ import annotations

import asyncio
import random


class Pace:
    """Gives each attempt its turn. All of one run share it.

    Args:
        per_minute: at most so many attempts, evenly; None: no limit.
        stopping: set when the run ends: nobody waits longer.
    """

    def __init__(self, per_minute: int | None, stopping: asyncio.Event) -> None:
        self._between = 0.0 if per_minute is None else 60.0 / per_minute
        self._stopping = stopping
        self._next = 0.0
        self._held_until = 0.0

    async def turn(self) -> bool:
        """Wait for the next turn; False when the run ends meanwhile."""
        if self._between:
            now = asyncio.get_running_loop().time()
            mine = max(now, self._next)
            self._next = mine + self._between
            await self.wait(mine - now)
        while (left := self._held_until - asyncio.get_running_loop().time()) > 0 and not self._stopping.is_set():
            # A little apart, or all that were held go out at once.
            await self.wait(left + random.uniform(0, min(1.0, left / 10)))
        return not self._stopping.is_set()

    def hold(self, seconds: float) -> None:
        """Nothing goes out for so long."""
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until the run ends."""
        if seconds <= 0 or self._stopping.is_set():
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
