"""The processor time and the memory of a process and of all that it has started, by the kernel's own figures.

The kernel adds the time of a child that has ended to the parent that waited for it. So the sum over the processes that live, each
with its ended children, is the time of the whole tree, and never becomes less.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

# Imported when it is needed: most jobs start nothing, and of a process alone the kernel tells all in a file or two.
if TYPE_CHECKING:
    import psutil

# Looking for new processes reads a file of each process of the machine.
LOOK_SECONDS = 0.5


class ProcessTree:
    """A process and its descendants.

    Args:
        root: the number of the process; it may not be this user's own, as long as its figures can be read.
    """

    def __init__(self, root: int) -> None:
        self._pid = root
        # Of this process itself nobody else takes the number.
        self._named = None if root == os.getpid() else _process(root)
        self._known: list[psutil.Process] = []
        self._looked: float | None = None
        self._seconds = 0.0
        self._most_resident = 0

    @property
    def root(self) -> int:
        """The number of the root."""
        return self._pid

    @property
    def age(self) -> float:
        """For how many seconds the root has been there."""
        # psutil's own time of birth is of the machine's start, which the kernel gives in whole seconds.
        if ticks := began(self._pid):
            return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        return time.time() - float(self._root().create_time())

    def seconds(self, look: bool = False) -> float:
        """The processor seconds of the tree since its root began, ended children among them.

        Args:
            look: for new processes now, even if that was done a moment ago.
        """
        if self._alone():
            # With the time of children that have ended.
            self._seconds = max(self._seconds, sum(os.times()[:4]))
            return self._seconds
        import psutil

        total = 0.0
        for process in self._processes(look):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
                total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        # A process that ends in this very moment is not found, and its parent was read before it had its time.
        self._seconds = max(self._seconds, total)
        return self._seconds

    def resident(self) -> int:
        """The most bytes of memory that the tree had at once, by the looks at it so far, this one among them.

        What processes share is counted for each of them. For the root alone it is the kernel's own high-water mark.
        """
        total, alone = 0, 0
        if self._alone():
            alone = high_water(self._pid)
        else:
            import psutil

            for process in self._processes(look=True):
                with suppress(psutil.Error):
                    total += process.memory_info().rss
                    if process.pid == self._pid:
                        alone = high_water(process.pid)
        self._most_resident = max(self._most_resident, total, alone)
        return self._most_resident

    def _alone(self) -> bool:
        """Whether it is this process itself, and has started none that lives, and the kernel says all that is asked here."""
        return self._pid == os.getpid() and not self._known[1:] and _childless() and bool(high_water(self._pid))

    def _root(self) -> psutil.Process:
        if self._named is None:
            self._named = _process(self._pid)
        return self._named

    def _processes(self, look: bool) -> list[psutil.Process]:
        import psutil

        now = time.monotonic()
        if look or self._looked is None or now - self._looked > LOOK_SECONDS:
            root = self._root()
            found = [root]
            with suppress(psutil.Error):
                found += root.children(recursive=True)
            self._known, self._looked = found, now
        return self._known


def _process(pid: int) -> psutil.Process:
    import psutil

    return psutil.Process(pid)


def _childless() -> bool:
    """Whether this process has no child, by what the kernel says of each of its threads; False where it says nothing."""
    threads = Path("/proc/self/task")
    try:
        if (threads / str(os.getpid()) / "children").read_bytes():
            return False
        others = list(threads.iterdir())
    except OSError:
        return False
    for thread in others:
        # It may have ended meanwhile.
        with suppress(OSError):
            if (thread / "children").read_bytes():
                return False
    return True


def high_water(pid: int) -> int:
    """The most bytes of memory that a process ever had, as Linux has noted it; 0 where nobody says."""
    # Not getrusage's: after exec that has the memory of anyone who started the process.
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def listener(port: int) -> int | None:
    """The number of the process that listens on a port of this host; None when this user sees none."""
    import psutil

    with suppress(psutil.Error, OSError):
        for found in psutil.net_connections(kind="tcp"):
            if (
                found.status == psutil.CONN_LISTEN
                and found.laddr
                and found.laddr.port == port
                and found.pid is not None
            ):
                return int(found.pid)
    return None


def began(pid: int) -> int:
    """When a process began, in the kernel's own count: with its number no other process ever has it. 0: there is none."""
    try:
        # Behind the name, which may have any character in it.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return 0 if fields[0] == "Z" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0
