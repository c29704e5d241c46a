"""Restate: recompute the gold partitions whose inputs have changed: features first, then scores, then what was measured."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from jobs import stages
from jobs.arguments import Arguments
from lakehouse.date_ranges import contiguous
from lakehouse.declaration import loader
from lakehouse.ops import pending_verdicts
from lakehouse.staleness import report

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> dict[str, Any]:
    """Recompute what is stale of all days, or of those from ``partition`` to ``through``, and no other partition."""
    assert arguments.use_case is not None
    use_case = loader.by_name(arguments.use_case)
    last = arguments.through or arguments.partition
    found = report.find(use_case, arguments.partition, last, arguments.champion)
    score = sorted({*found.scores, *found.reasons})
    plan = {"features": sorted(found.features), "score": score, "monitor": found.monitor}
    for stage, days in plan.items():
        ranges = ", ".join(f"{begin} to {end}" for begin, end in contiguous(days)) or "nothing"
        log.info("restate: %s: %d day(s): %s", stage, len(days), ranges)
    if not arguments.dry_run:
        pending_verdicts.record(use_case.name, found.monitor)
        for stage, days in plan.items():
            for begin, end in contiguous(days):
                stages.run(replace(arguments, stage=stage, partition=begin, through=end, dry_run=False))
        pending_verdicts.clear(use_case.name, found.monitor)
    done = "planned" if arguments.dry_run else "restated"
    return {"status": done if any(plan.values()) else "fresh", **plan}
