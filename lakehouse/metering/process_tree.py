"""The processor time and the memory of a process and of all that it has started, by the kernel's own figures.

The kernel adds the time of a child that has ended to the parent that waited for it. So the sum over the processes that live, each
with its ended children, is the time of the whole tree, and never becomes less.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

# Looking for new processes reads a file of each process of the machine.
LOOK_SECONDS = 0.5


class ProcessTree:
    """A process and its descendants.

    Args:
        root: the number of the process; it may not be this user's own, as long as its figures can be read.
    """

    def __init__(self, root: int) -> None:
        self._root = psutil.Process(root)
        self._known: list[psutil.Process] = []
        self._looked: float | None = None
        self._seconds = 0.0
        self._most_resident = 0

    @property
    def root(self) -> int:
        """The number of the root."""
        return self._root.pid

    @property
    def age(self) -> float:
        """For how many seconds the root has been there."""
        # psutil's own time of birth is of the machine's start, which the kernel gives in whole seconds.
        if ticks := began(self._root.pid):
            return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        return time.time() - float(self._root.create_time())

    def seconds(self, look: bool = False) -> float:
        """The processor seconds of the tree since its root began, ended children among them.

        Args:
            look: for new processes now, even if that was done a moment ago.
        """
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
        processes = self._processes(look=True)
        total, alone = 0, 0
        for process in processes:
            with suppress(psutil.Error):
                total += process.memory_info().rss
                if process.pid == self._root.pid:
                    alone = high_water(process.pid)
        self._most_resident = max(self._most_resident, total, alone)
        return self._most_resident

    def _processes(self, look: bool) -> list[psutil.Process]:
        now = time.monotonic()
        if look or self._looked is None or now - self._looked > LOOK_SECONDS:
            found = [self._root]
            with suppress(psutil.Error):
                found += self._root.children(recursive=True)
            self._known, self._looked = found, now
        return self._known


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
