"""Several workers of one search, watched: one that dies is replaced, and none outlives this process."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from jobs.train.search.study import MOST_TRIES
from jobs.train.search.worker import REFUSED
from lakehouse.errors import TrainingFailed
from lakehouse.settings import PROJECT_ROOT

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.25


class Crew:
    """The processes that work on the study in ``folder``."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._deaths = 0
        self._most_deaths = 2 * MOST_TRIES * size
        self._at_work = [self._start() for _ in range(size)]

    def work(self, look: Callable[[], int]) -> None:
        """Wait until all have ended of themselves, since no trial is left.

        Args:
            look: called all the while; returns how many trials have ended.

        Raises:
            TrainingFailed: when a trial can't be done, or workers die one after another and no trial ends.
        """
        ended = 0
        try:
            while self._at_work:
                time.sleep(LOOK_EVERY_SECONDS)
                if (count := look()) > ended:
                    ended, self._deaths = count, 0
                self._at_work = [heir for worker in self._at_work if (heir := self._after(worker)) is not None]
            look()
        finally:
            self._dismiss()

    def _after(self, worker: subprocess.Popen[bytes]) -> subprocess.Popen[bytes] | None:
        """Who stands in the worker's place now: itself, another, or nobody."""
        code = worker.poll()
        if code is None:
            return worker
        if worker.stdin is not None:
            worker.stdin.close()
        if code == 0:
            return None
        if code == REFUSED:
            raise TrainingFailed((self._folder / f"refused-{worker.pid}").read_text(encoding="utf-8"))
        self._deaths += 1
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if self._deaths > self._most_deaths:
            raise TrainingFailed(
                f"search in {self._folder}: expected workers that end a trial, found {self._deaths} that died without one, "
                f"the last by {how}; look for their last lines above, and whether the machine has memory for model.workers"
            )
        log.warning("worker %d died by %s; another takes its place", worker.pid, how)
        return self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "jobs.train.search.worker", str(self._folder)]
        # Nothing is ever written to its input: it ends when this process does, and so does the worker.
        return subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT_ROOT)

    def _dismiss(self) -> None:
        for worker in self._at_work:
            worker.kill()
        for worker in self._at_work:
            worker.wait()
            if worker.stdin is not None:
                worker.stdin.close()
