"""Publications that are killed, kill -9: ``python -m tests.jobs.publish.killed <moment> ...`` prints how each ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pymongo.monitoring
import sqlalchemy as sa

import jobs.publish.job
from jobs.__main__ import main
from lakehouse.settings import PROJECT_ROOT

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
    written = jobs.publish.job._result
    jobs.publish.job._result = lambda *given: (_now("before the result"), written(*given))[1]  # type: ignore[assignment]
    from lakehouse.storage import commits

    rebuilt = commits.rebuild
    commits.rebuild = lambda *given: (_now("before the commit"), rebuilt(*given), _now("after the commit"))  # type: ignore[assignment, func-returns-value]


def runs(*moments: str) -> list[int]:
    """How the run ended that is killed at the moment of which this text is a part, one after another."""
    command = [sys.executable, "-m", "tests.jobs.publish.killed", *moments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


if __name__ == "__main__":
    for one in sys.argv[1:]:
        if (pid := os.fork()) == 0:
            _watch(one)
            os._exit(main(["publish", "--group=bread_record", "--version=1"]))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
