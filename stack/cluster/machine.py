"""One native host: the first process of its namespaces, which starts the host's service, and again whenever it ends.

As `restart: unless-stopped` of a container, and as there, all that the service has started ends with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from stack.cluster import disk
from stack.cluster.host import HOME

# Between an end and the next start; as Docker's, which doubles it.
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 8.0
# A service that lived so long is started at once.
LIVED_SECONDS = 20.0
GRACE_SECONDS = 10


@dataclass(frozen=True)
class Machine:
    """What a native host needs to know of itself; its variables are those of its process.

    Attributes:
        name: the host's.
        command: its service.
        once: whether the service does its work and ends.
        home: the host's folder on the machine.
        hidden: folders that it must not see.
        project: where the code lies.
        megabytes: the size of its disk; None for the machine's.
        ends_by: the signal that ends the service.
    """

    name: str
    command: list[str]
    once: bool
    home: str
    hidden: list[str]
    project: str
    megabytes: int | None = None
    ends_by: str = "SIGTERM"

    def text(self) -> str:
        """As :func:`main` reads it."""
        return json.dumps(asdict(self))


class Keeper:
    """Keeps one service running; as the first process it also takes leave of all that end."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._service = 0
        self._stopping = False

    def run(self) -> int:
        """Run the service until this process is told to end; the exit code of one that runs once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._end)
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            code = self._run_once()
            _end_all()
            if self._stopping or self._machine.once:
                return code
            pause = (
                FIRST_PAUSE_SECONDS if time.monotonic() - began > LIVED_SECONDS else min(2 * pause, LAST_PAUSE_SECONDS)
            )
            print(f"[{self._machine.name}] the service ended with {code}; again in {pause:.1f} s", flush=True)
            time.sleep(pause)
            if self._stopping:
                return code

    def _run_once(self) -> int:
        self._service = os.fork()
        if self._service == 0:
            _become(self._machine.command)
        while True:
            ended, status = os.waitpid(-1, 0)
            if ended == self._service:
                return os.waitstatus_to_exitcode(status)

    def _stop(self, number: int, frame: object) -> None:
        del number, frame
        self._stopping = True
        # A service that does not heed is ended.
        signal.alarm(GRACE_SECONDS)
        self._tell(signal.Signals[self._machine.ends_by])

    def _end(self, number: int, frame: object) -> None:
        del number, frame
        self._tell(signal.SIGKILL)

    def _tell(self, number: signal.Signals) -> None:
        if self._service:
            try:
                os.kill(self._service, number)
            except ProcessLookupError:
                return


def _become(command: list[str]) -> NoReturn:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        os._exit(127)


def _end_all() -> None:
    """End whatever the service has left: everything in this namespace but its first process."""
    if os.getpid() != 1:
        raise RuntimeError("expected to be the first process of a namespace")
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main(text: str) -> int:
    """Make this process, the first of its namespaces, the host of this description."""
    machine = Machine(**json.loads(text))
    socket.sethostname(machine.name)
    disk.become_private(
        Path(machine.home), [Path(one) for one in machine.hidden], Path(machine.project), machine.megabytes
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"proc", b"/proc", b"proc", 0, None):
        raise OSError(ctypes.get_errno(), "mount on /proc")
    os.environ.update({"HOME": f"{HOME}/home", "TMPDIR": "/tmp"})
    os.makedirs(f"{HOME}/home", exist_ok=True)
    return Keeper(machine).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
