"""The books of a dataset's calls while a run makes them: a journal on the disk, and ``ops.calls``, which it is folded into.

A commit a call would be too dear, so each call is a line of the journal first, before it is sent and after it ended. Lines that
wait while the disk is busy are written together, and one wait for the disk serves them all. What is in the journal is folded into
the table when the run ends, or when there is much of it; what a killed run left, before the next one begins.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakehouse.errors import CallsBusy, NightjarError
from lakehouse.ops import calls
from lakehouse.ops.call import FINAL, SENT, Call
from lakehouse.ops.calls import Standing
from lakehouse.storage import file_locks
from lakehouse.teacher import folding, segments
from lakehouse.teacher.segments import Writer

log = logging.getLogger(__name__)

# A disk that answers sooner is waited for in the loop: handing the lines to a thread and hearing from it took each call 4 ms of
# the 200 ms that it lasts, on two cores. One that took longer gets so many of the next batches from a thread, and calls go on.
PROMPT = 0.002
THREADED = 100

# So many lines are folded at once: some ten megabytes, and a second's work.
FOLDED_LINES = 20_000
LOOKS = 10


class Journal:
    """The books, open for one run. ``standing`` is what they said when they were opened; ``damaged`` lines were passed over."""

    def __init__(self, dataset: str, folder: Path, standing: Standing, damaged: int) -> None:
        self.standing, self.damaged = standing, damaged
        self._dataset, self._folder = dataset, folder
        # Keys whose lines in the table are replaced when they are folded again.
        self._in_table = set(standing.others)
        self._writer: Writer | None = None
        # Lines, and whether they are tried again when the disk does not take them.
        self._waiting: list[tuple[bytes, bool]] = []
        self._written: asyncio.Future[None] | None = None
        self._writing = False
        self._threaded = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._folding = asyncio.Lock()
        # After a fold that failed the later ones wait, until all are folded together.
        self._in_order = True

    async def write(self, call: Call) -> None:
        """Write a call down as it is now; it is on the disk when this returns, and all that was noted before.

        Raises:
            ServiceUnavailable: the disk does not take it. Then it is not there.
        """
        await asyncio.shield(self._put(call, keep=False))

    def note(self, call: Call) -> None:
        """Write a call down without waiting: it is on the disk when a later `write`, or `settle`, returns."""
        self._put(call, keep=True)

    async def settle(self) -> None:
        """Wait for what is being written and folded.

        Raises:
            ServiceUnavailable: the disk does not take what was noted, when it is tried again either.
        """
        while self._tasks:
            await asyncio.gather(*self._tasks)
        if self._waiting:
            await asyncio.shield(self._soon())
            await self.settle()

    def write_now(self, found: Collection[Call]) -> None:
        """The same for calls outside of a loop."""
        if found:
            self._open_writer().append([segments.line(call) for call in found])

    def close(self) -> None:
        """Fold all that there is."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        folding.fold_all(self._dataset, self._folder)

    def _put(self, call: Call, keep: bool) -> asyncio.Future[None]:
        self._waiting.append((segments.line(call), keep))
        return self._soon()

    def _soon(self) -> asyncio.Future[None]:
        """Done when all that waits now is on the disk."""
        if self._written is None:
            self._written = asyncio.get_running_loop().create_future()
        found = self._written
        if not self._writing:
            self._writing = True
            self._begin(self._write_all())
        return found

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_all(self) -> None:
        try:
            while (written := self._written) is not None:
                batch, self._waiting, self._written = self._waiting, [], None
                try:
                    await self._append([line for line, _ in batch])
                except NightjarError as error:
                    # What was noted is an answer that is paid: it stays for the next try.
                    self._waiting[:0] = [(line, keep) for line, keep in batch if keep]
                    written.set_exception(error)
                    # Perhaps nobody waits for it.
                    written.exception()
                else:
                    written.set_result(None)
                    self._roll()
        finally:
            self._writing = False

    async def _append(self, lines: list[bytes]) -> None:
        writer = self._open_writer()
        if self._threaded:
            self._threaded -= 1
            await asyncio.to_thread(writer.append, lines)
            return
        began = time.monotonic()
        writer.append(lines)
        if time.monotonic() - began > PROMPT:
            self._threaded = THREADED

    def _roll(self) -> None:
        if self._writer is not None and self._writer.lines >= FOLDED_LINES:
            self._writer.close()
            file, self._writer = self._writer.file, None
            self._begin(self._fold_aside(file))

    async def _fold_aside(self, file: Path) -> None:
        # One after the other, in their order: a later file may have newer lines of the same calls.
        async with self._folding:
            if not self._in_order:
                return
            try:
                await asyncio.to_thread(self._fold, file)
            except NightjarError as error:
                self._in_order = False
                log.warning("the journal could not be folded, and is when the run ends: %s", error)

    def _fold(self, file: Path) -> None:
        found, _ = segments.read([file])
        if found:
            calls.fold(self._dataset, file.stem, found.values(), self._in_table & found.keys())
        for key, call in found.items():
            (self._in_table.discard if call.state in FINAL else self._in_table.add)(key)
        segments.remove(file)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(segments.following(self._folder))
        return self._writer


@contextmanager
def opened(dataset: str, folder: Path, again: Collection[str] = ()) -> Iterator[Journal]:
    """The books of a dataset for this process alone, whole: what a killed run left is folded first.

    Args:
        dataset: whose calls.
        folder: of the journal; made when missing.
        again: outcomes after which a call is made again.

    Raises:
        CallsBusy: when another process has them open.
    """
    lock = file_locks.hold_if_free(folder / "lock")
    if lock is None:
        raise CallsBusy(
            f"dataset {dataset}: expected no other run that makes its calls, found one; nothing was sent: wait until it has ended, "
            f"and run again (it holds {folder / 'lock'})"
        )
    with lock:
        damaged = folding.fold_all(dataset, folder)
        standing = calls.standing(dataset, again=again)
        # A part of the journal was folded while these were under way, and then their process was killed.
        lost = [call.lost(folding.KILLED) for call in standing.others.values() if call.state == SENT]
        standing.others.update({call.request_key: call for call in lost})
        journal = Journal(dataset, folder, standing, damaged)
        journal.write_now(lost)
        try:
            yield journal
        finally:
            journal.close()


def standing(dataset: str, folder: Path, again: Collection[str] = ()) -> Standing:
    """What the books say, for those who only read: another run may have them open."""
    for _ in range(LOOKS):
        try:
            left, _ = segments.read(segments.found(folder))
            break
        except FileNotFoundError:
            # Folded meanwhile.
            continue
    else:
        left = {}
    return calls.standing(dataset, left.values(), again)
