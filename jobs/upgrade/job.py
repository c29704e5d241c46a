"""Upgrade: give the lakehouse of an earlier release what this one adds. Values stay as they are."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from jobs.result import Result
from jobs.upgrade import changes, steps
from jobs.upgrade.arguments import UpgradeArguments
from lakehouse import code_version
from lakehouse.ops import releases

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class UpgradeResult(Result):
    """What was done, or would be.

    Attributes:
        status: ``current``: there was nothing to do; ``planned``: a dry run; ``upgraded``.
        from_release: whose the lakehouse was, as far as it is recorded.
        to_release: this one.
        steps: each with its table, in order.
        left: what an upgrade can't do, each with the command that can; nothing of it stops other tables.
    """

    from_release: str
    to_release: str
    steps: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def run(arguments: UpgradeArguments) -> UpgradeResult:
    """Make the steps, one commit each, and then write down that they were made.

    Raises:
        LakehouseNewer: a later release has laid out the lakehouse.
    """
    releases.expect_readable(for_upgrade=True)
    _, before = releases.newest()
    plan = steps.plan(changes.RENAMED)
    words = [f"{step.table}: {step.words}" for step in plan.steps]
    if not releases.recorded():
        words.append(f"ops.releases: record release {code_version.RELEASE}, layout {releases.LAYOUT}")
    for line in words:
        print(line)
    for line in plan.left:
        print(f"left: {line}")
    result = UpgradeResult(
        status="planned" if arguments.dry_run and words else "current",
        from_release=before,
        to_release=code_version.RELEASE,
        steps=words,
        left=list(plan.left),
    )
    if arguments.dry_run or not words:
        print(f"{len(words)} step(s) to do; nothing was changed" if words else "nothing to do")
        return result
    for step in plan.steps:
        log.info("%s: %s", step.table, step.words)
        step.run()
    releases.record(words, arguments.actor)
    return UpgradeResult(**{**vars(result), "status": "upgraded"})
