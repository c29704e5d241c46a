"""What a stack at rest costs: ``make bench-idle``, after ``make demo``.

Starts the stack on the user's data, lets its servers work first (a month recomputed on a copy, so that nothing of the user's is
written), waits until it is calm, and counts for some minutes what each service takes of one core and of memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lakehouse.settings import PROJECT_ROOT
from stack.lifecycle import running_stack
from stack.plan import Plan
from stack.running import RunningStack
from tests.bench import proc_usage

USE_CASE = "flight_delays"
# A range that a history of the demo has, whole.
FIRST, LAST = dt.date(2013, 6, 1), dt.date(2013, 6, 24)
STAGES = ("features", "score", "monitor")
# Calm: at most this share of a core over a look; looked at most so often.
CALM_SHARE, LOOK_SECONDS, LOOKS = 0.25, 20, 15
# What a server lets go of, it lets go of after minutes.
REST_SECONDS = 180


def main() -> int:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long is counted")
    minutes: float = parser.parse_args().minutes
    plan = Plan.from_environ()
    if not (Path(plan.lakehouse_root) / "gold" / f"{USE_CASE}_scores").is_dir():
        print("There is nothing to work on: run make demo first.", file=sys.stderr)
        return 1
    with running_stack(plan) as stack:
        work(stack)
        wait_until_calm(plan.state_root)
        before, began = proc_usage.by_service(plan.state_root), time.monotonic()
        time.sleep(minutes * 60)
        after, seconds = proc_usage.by_service(plan.state_root), time.monotonic() - began
    print(table(before, after, seconds))
    return 0


def work(stack: RunningStack) -> None:
    """Recompute a range on a copy of the lakehouse, as a backfill does."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "warehouse"
        shutil.copytree(stack.plan.lakehouse_root, copy)
        for stage in STAGES:
            command = [sys.executable, "-m", "jobs", stage, "--use-case", USE_CASE]
            command += ["--partition", str(FIRST), "--through", str(LAST)]
            command += ["--force"] if stage != "monitor" else []
            environment = {**stack.env, "LAKEHOUSE_ROOT": str(copy)}
            done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"{' '.join(command)}: {done.stderr[-1500:]}")


def wait_until_calm(state_root: Path) -> None:
    """Wait until the stack takes little of the processor, and then until its servers had time to let go of memory."""
    for _ in range(LOOKS):
        before = _processor_seconds(state_root)
        time.sleep(LOOK_SECONDS)
        if _processor_seconds(state_root) - before < CALM_SHARE * LOOK_SECONDS:
            break
    time.sleep(REST_SECONDS)


def _processor_seconds(state_root: Path) -> float:
    return sum(one.processor_seconds for one in proc_usage.by_service(state_root).values())


def table(before: dict[str, proc_usage.Usage], after: dict[str, proc_usage.Usage], seconds: float) -> str:
    """The usage of each service between two looks, and their sums, in Markdown."""
    lines = [
        f"\nOver {seconds / 60:.1f} minutes:\n",
        "| service | processes | % of a core | MiB resident (PSS) | MiB (RSS) |",
        "| --- | --- | --- | --- | --- |",
    ]
    sums = [0.0] * 4
    for name, used in after.items():
        began = before[name].processor_seconds if name in before else 0.0
        row = [used.count, 100 * (used.processor_seconds - began) / seconds, used.proportional, used.resident]
        sums = [total + value for total, value in zip(sums, row, strict=True)]
        lines.append(_row(name, row))
    return "\n".join([*lines, _row("all", sums)])


def _row(name: str, values: list[float]) -> str:
    count, share, proportional, resident = values
    return f"| {name} | {count:.0f} | {share:.1f} | {proportional:,.0f} | {resident:,.0f} |"


if __name__ == "__main__":
    sys.exit(main())
