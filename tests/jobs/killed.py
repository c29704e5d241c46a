"""Jobs that are killed, kill -9, at a chosen moment: each is a fork of one process, which spares their starts."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pymongo.monitoring
import sqlalchemy as sa

from jobs.__main__ import main
from lakehouse.storage import table_shape
from tests import forks
from tests.forks import Forks


class KilledJobs:
    """Runs jobs that are killed; what they say is in ``log``."""

    def __init__(self, log: Path) -> None:
        self._forks = Forks("tests.jobs.killed", log)
        self.close = self._forks.close

    def run(self, moment: str, *arguments: str) -> int:
        """How the job ended that is killed at the moment of which this text is a part: -9, or its exit code.

        It has the environment that this process has now.
        """
        return self._forks.run([moment, *arguments], os.environ)


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
        (table_shape, "rebuild", "before the commit", "after the commit"),
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


def _end(moment: str, *arguments: str) -> None:
    _watch(moment)
    os._exit(main(list(arguments)))


if __name__ == "__main__":
    # Imported before the forks, so that it is done once.
    import jobs.deliver.job
    import jobs.publish.job
    from jobs.deliver.delivery import Delivery

    forks.serve(_end)
