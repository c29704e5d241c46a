"""Stale: list the gold partitions whose inputs have changed since they were built, and why. Changes nothing."""

from __future__ import annotations

from typing import Any

from jobs.arguments import Arguments
from lakehouse.declaration import loader
from lakehouse.staleness import report


def run(arguments: Arguments) -> dict[str, Any]:
    """List them, a line each; for all days, or for those from ``partition`` to ``through``."""
    assert arguments.use_case is not None
    use_case = loader.by_name(arguments.use_case)
    last = arguments.through or arguments.partition
    found = report.find(use_case, arguments.partition, last, arguments.champion)
    lines = found.lines(use_case)
    for table, day, why in lines:
        print(f"{table} {day}: {'; '.join(why)}")
    print(f"{len(lines)} stale partition(s)" if lines else "nothing is stale")
    return {
        "status": "stale" if lines else "fresh",
        "partitions": [{"table": table, "partition": day, "reasons": why} for table, day, why in lines],
        "monitor": found.monitor,
    }
