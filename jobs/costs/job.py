"""Costs: take what runs of this host have left in the journal into ops.costs.

On request cost the runs that are recorded by the rate card as it is now.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.costs.arguments import CostsArguments
from jobs.result import Result
from lakehouse.ops import costs


@dataclass(frozen=True, kw_only=True)
class CostsResult(Result):
    """How many runs were taken in, and how many cost something else now."""

    taken_in: int
    costed_again: int


def run(arguments: CostsArguments) -> CostsResult:
    """Take in what is waiting, and cost again where ``again`` asks for it."""
    taken = 0 if arguments.dry_run else costs.fold()
    changed = costs.cost_again(arguments.partition, arguments.last, arguments.dry_run) if arguments.again else 0
    return CostsResult(status="planned" if arguments.dry_run else "recorded", taken_in=taken, costed_again=changed)
