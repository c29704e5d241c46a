"""What the processes of a stack use, by service, as the kernel counts it: processor seconds and resident memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack import processes

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1024


@dataclass(frozen=True)
class Usage:
    """Of one service's processes.

    Attributes:
        processor_seconds: since they started, with those of their children that have ended.
        resident: MiB, a page that several share counted for each (RSS).
        proportional: MiB, a page that several share divided among them (PSS): what would be free without them.
        count: how many processes there are.
    """

    processor_seconds: float
    resident: float
    proportional: float
    count: int


def by_service(state_root: Path) -> dict[str, Usage]:
    """What each service of the stack at ``state_root`` uses now."""
    found: dict[str, list[psutil.Process]] = {}
    for process in processes.marked(state_root):
        try:
            found.setdefault(process.environ().get(processes.SERVICE, "other"), []).append(process)
        except psutil.Error:
            continue
    return {name: _of(one) for name, one in sorted(found.items())}


def _of(several: list[psutil.Process]) -> Usage:
    seconds, resident, proportional, count = 0.0, 0.0, 0.0, 0
    for process in several:
        folder = Path("/proc") / str(process.pid)
        try:
            # The fields after the name, which may have blanks: user, system, and both of the children that were waited for.
            times = (folder / "stat").read_text().rpartition(")")[2].split()[11:15]
            rollup = dict(line.split()[:2] for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
        except OSError:
            continue  # it has ended: its seconds are its parent's now
        seconds += sum(map(int, times)) / TICK
        resident += int(rollup["Rss:"]) / MIB
        proportional += int(rollup["Pss:"]) / MIB
        count += 1
    return Usage(seconds, resident, proportional, count)
