"""What a year costs: ``make bench-year``, after ``make demo``.

The history of all sources and their features as ranges, January alone against the whole of 2013 and against days one by one;
and a night at the end of the year against one at its beginning. In a scratch lakehouse; nothing of the user's is written.
The model that scores is the demo's champion.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from include.flight_delays.demo import feed
from jobs import command_line, stages
from jobs.ingest import parse, pieces
from jobs.ingest.lines import Layout
from jobs.ingest.pieces import Piece
from lakehouse.declaration import loader
from stack.lifecycle import running_stack
from stack.plan import Plan

USE_CASE = ("--use-case", "flight_delays")
DAILY = {"flight_schedule": 0, "flight_outcomes": 1, "weather": 1}
YEAR = (dt.date(2013, 1, 1), dt.date(2013, 12, 31))
JANUARY = (dt.date(2013, 1, 1), dt.date(2013, 1, 31))
# Nights that are lived one by one before the one that is measured, so that the tables' logs look as in a year of nights.
NIGHTS_BEFORE = 12
REPEATS = 9


def main() -> int:
    """Measure and print two tables in Markdown."""
    with tempfile.TemporaryDirectory() as scratch, running_stack(Plan.from_environ()) as stack:
        os.environ.update(stack.env, LANDING_ROOT=f"{scratch}/landing")
        feed.deliver(f"{scratch}/landing", *YEAR)
        history(Path(scratch))
        nights(Path(scratch))
    return 0


def history(scratch: Path) -> None:
    """January and the year as ranges, each in a lakehouse of its own, and some days one by one."""
    use(scratch / "warming")
    load(*JANUARY)
    use(scratch / "january")
    january = load(*JANUARY)
    use(scratch / "days")
    load(JANUARY[0], JANUARY[1] - dt.timedelta(days=10))
    days = [
        load(JANUARY[1] - dt.timedelta(days=back), JANUARY[1] - dt.timedelta(days=back)) for back in range(9, -1, -1)
    ]
    use(scratch / "year")
    year = load(*YEAR)
    read = reading(*YEAR)
    one_by_one = 365 * statistics.mean(days)
    print(
        f"\nOn {len(os.sched_getaffinity(0))} cores:\n\n| history, all sources, bronze to features | seconds |\n| --- | --- |"
    )
    print(f"| January as a range | {january:.1f} |")
    print(f"| 2013 as a range | {year:.1f} |")
    print(f"| reading and splitting the files of 2013 alone | {read:.1f} |")
    print(f"| the year, without the reading, by January | {(year - read) / january:.2f} |")
    print(f"| 365 days one by one (365 times the mean of ten) | {one_by_one:.0f} |")
    print(f"| one by one / as a range | {one_by_one / year:.1f} |", flush=True)


def nights(scratch: Path) -> None:
    """The 30th and the 365th night in turn, each on a copy of the lakehouse of the evening before."""
    states = {30: scratch / "at_30", 365: scratch / "at_365"}
    for number, root in states.items():
        use(root)
        first_night = number - NIGHTS_BEFORE
        load(YEAR[0], day(first_night - 1))
        run(["score", *USE_CASE, "--partition", str(day(2)), "--through", str(day(first_night - 1))])
        for before in range(first_night, number):
            night(day(before))
    took: dict[int, list[float]] = {number: [] for number in states}
    for repeat in range(REPEATS):
        for number, root in states.items():
            # A folder of its own: Spark remembers what a table at a path was.
            tonight = scratch / f"tonight_{number}_{repeat}"
            shutil.copytree(root, tonight)
            use(tonight)
            took[number].append(night(day(number)))
    print(f"\n| a night, ingest to monitor, in one process | seconds, median of {REPEATS} |\n| --- | --- |")
    for number, seconds in took.items():
        print(f"| the {number}th | {statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f}) |")
    print(f"| 365th / 30th | {statistics.median(took[365]) / statistics.median(took[30]):.2f} |", flush=True)


def load(first: dt.date, last: dt.date) -> float:
    """Seconds for all sources and the features of a range. Weather of the last day of 2013 was never delivered."""
    began = time.monotonic()
    for source in (*DAILY, "planes"):
        until = min(last, YEAR[1] - dt.timedelta(days=1)) if source == "weather" else last
        run(["ingest", "--source", source, "--partition", str(first), "--through", str(until)])
    run(["features", *USE_CASE, "--partition", str(first), "--through", str(last)])
    return time.monotonic() - began


def run(line: list[str]) -> None:
    """Run a stage in this process, by its command line."""
    command = command_line.parse(line)
    stages.STAGES[command.stage].run(command.arguments)


def night(partition: dt.date) -> float:
    """Seconds of a night's chain; what was known before it stays as it is."""
    began = time.monotonic()
    for source, back in DAILY.items():
        arrived = partition - dt.timedelta(days=back)
        run(["ingest", "--source", source, "--partition", str(arrived)])
    for stage in ("features", "score", "monitor"):
        run([stage, *USE_CASE, "--partition", str(partition)])
    return time.monotonic() - began


def reading(first: dt.date, last: dt.date) -> float:
    """Seconds to read every delivery of the range and split it into rows, and do nothing with them."""
    began = time.monotonic()
    for _, source in loader.sources():
        layout = Layout.of(source)
        for file in (Path(os.environ["LANDING_ROOT"]) / source.name).iterdir():
            checksum = hashlib.sha256(file.read_bytes()).hexdigest()
            for _ in parse.tables(Piece(str(file), pieces.kind_of(file.name), True, checksum), layout):
                pass
    return time.monotonic() - began


def use(root: Path) -> None:
    """Take this folder for the lakehouse from now on."""
    os.environ["LAKEHOUSE_ROOT"] = str(root)


def day(number: int) -> dt.date:
    """The day of the year that has this number, from 1."""
    return YEAR[0] + dt.timedelta(days=number - 1)


if __name__ == "__main__":
    sys.exit(main())
