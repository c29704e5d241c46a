"""Jobs that are killed, kill -9, at a chosen moment: each is a fork of one process, which spares their starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymongo.monitoring
import sqlalchemy as sa

from jobs.__main__ import main
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import commits


class KilledJobs:
    """The process that jobs are forks of; what they say is in ``log``."""

    def __init__(self, log: Path) -> None:
        self._log = log
        command = [sys.executable, "-m", "tests.jobs.killed"]
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, cwd=PROJECT_ROOT
            )

    def run(self, moment: str, *arguments: str) -> int:
        """How the job ended that is killed at the moment of which this text is a part: -9, or its exit code.

        It has the environment that this process has now.
        """
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        print(json.dumps([moment, arguments, dict(os.environ)]), file=asked, flush=True)
        answer = answers.readline()
        assert answer, self._log.read_text(errors="replace")[-4000:]
        return int(answer)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


_moment = ""


def _now(what: str) -> None:
    if _moment in what:
        os.kill(os.getpid(), signal.SIGKILL)


class _Commands(pymongo.monitoring.CommandListener):
    def started(self, event: Any) -> None:
        _now(f"before {event.command_name} {next(iter(event.command.values()), '')}")

    def succeeded(self, event: Any) -> None:
        _now(f"after {event.command_name}")

    def failed(self, event: Any) -> None:
        pass


def _watch(moment: str) -> None:
    global _moment
    _moment = moment
    for when in ("before", "after"):
        sa.event.listen(sa.Engine, f"{when}_cursor_execute", lambda *given, when=when: _now(f"{when} {given[2]}"))
    sa.event.listen(sa.Engine, "commit", lambda _: _now("before commit"))
    pymongo.monitoring.register(_Commands())
    sys.addaudithook(lambda event, given: _now(f"{event} {given}") if event in ("open", "os.rename") else None)
    for room, name, before, after in (
        (Delivery, "_write_down", "before the books", None),
        (jobs.publish.job, "_result", "before the result", None),
        (commits, "rebuild", "before the commit", "after the commit"),
    ):
        _surround(room, name, before, after)


def _surround(room: Any, name: str, before: str, after: str | None) -> None:
    really = getattr(room, name)

    def watched(*given: Any, **named: Any) -> Any:
        _now(before)
        result = really(*given, **named)
        if after is not None:
            _now(after)
        return result

    setattr(room, name, watched)


def _end(moment: str, arguments: Sequence[str], environ: dict[str, str]) -> None:
    os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(environ)
    _watch(moment)
    os._exit(main(list(arguments)))


if __name__ == "__main__":
    # Imported before the forks, so that it is done once.
    import jobs.deliver.job
    import jobs.publish.job
    from jobs.deliver.delivery import Delivery

    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            try:
                _end(*json.loads(line))
            finally:
                os._exit(70)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
