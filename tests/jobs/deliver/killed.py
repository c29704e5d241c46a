"""Runs of the stage that are killed, kill -9, at a chosen moment: each in a fork of one process, which spares starts.

`python -m tests.jobs.deliver.killed <use case> <day>=<moment> ...` prints how each run ended: -9, or its exit code.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pymongo.monitoring
import sqlalchemy as sa

# Imported before the forks, so that they are done once.
import jobs.deliver.job
from jobs.__main__ import main
from lakehouse.settings import PROJECT_ROOT

_moment = ""


def _now(what: str) -> None:
    if _moment in what:
        os.kill(os.getpid(), signal.SIGKILL)


class _Commands(pymongo.monitoring.CommandListener):
    def started(self, event: Any) -> None:
        _now(f"before {event.command_name}")

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
    from jobs.deliver.delivery import Delivery

    written = Delivery._write_down
    Delivery._write_down = lambda *given: (_now("before the books"), written(*given))[1]  # type: ignore[method-assign]


def runs(use_case: str, at: Mapping[dt.date, str]) -> list[int]:
    """How the run of each day ended that is killed at the moment of which this text is a part."""
    command = [sys.executable, "-m", "tests.jobs.deliver.killed", use_case]
    command += [f"{day}={moment}" for day, moment in at.items()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


if __name__ == "__main__":
    assert jobs.deliver.job
    name, *days = sys.argv[1:]
    for one in days:
        day, moment = one.split("=", 1)
        if (pid := os.fork()) == 0:
            _watch(moment)
            os._exit(main(["deliver", f"--use-case={name}", f"--partition={day}"]))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
