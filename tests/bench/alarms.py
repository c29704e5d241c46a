"""How often monitoring cries wolf, and how soon it sees what happens: ``make bench-alarms`` (SEEDS=20 ROWS=6,60 FLIGHTS=folder).

Worlds of known truth go through the functions of the nightly jobs, in this process: training's profile, the counts, the findings,
the verdict, the trigger. tests/jobs/monitor/test_alarms_job.py holds that the job gives the same rows from tables.

Quiet worlds are watched for 90 days in which nothing happens, but for a holiday or a missing day; in the others something does, and
the days until it is seen are counted. Beside the platform: Evidently's default tests, and a PSI of 0.2.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tabulate import tabulate

from jobs.monitor.alarms.finding import Finding
from lakehouse.declaration import UseCase
from tests.bench import alarm_flights, alarm_nights, alarm_worlds
from tests.bench.alarm_nights import Night, Stage, triggered
from tests.bench.alarm_worlds import Change, World

# Something happens on this watched day: also its fate before is known.
SINCE = 3
# What false verdicts are counted by.
DAYS = 90
LABELLED = "the same, compared with labelled rows alone"
OF_LABELS = ("label", "performance")
OTHERS = ("declared limits", "Evidently", "Evidently, any column", "PSI 0.2")
QUIET_HEAD = ("quiet world", "rows a day", "worlds", "false verdicts in 90 days", "ask for a retraining", *OTHERS)
SEEN_HEAD = ("what happens", "rows a day", "worlds", "seen", "days, median", "days, most", "named", *OTHERS)


@dataclass(frozen=True)
class Run:
    """One world by the platform and by others, each as the nights that it gives."""

    ours: list[Night]
    others: tuple[list[Night], ...]
    with_events: tuple[list[Night], int] | None = None


def run(use_case: UseCase, stage: Stage, beside: bool, since: int | None = None) -> Run:
    """Watch a world; ``beside``: by others too; ``since``: no longer than until what happens from then on is seen."""
    evidence = stage.evidence(use_case)
    ours = alarm_nights.nights(use_case, evidence, stage.days, stage.days[0], since)
    declared = alarm_nights.with_events(use_case, evidence, stage) if stage.known and since is None else None
    if not beside:
        return Run(ours, (), declared)
    # Imported here: Evidently takes seconds.
    from tests.bench import alarm_rivals

    by_limits = use_case.model_copy(update={"drift": use_case.drift.model_copy(update={"alarms": "declared"})})
    days = use_case.drift.window_days
    verdicts = (*alarm_rivals.evidently(stage, days), alarm_rivals.fixed_psi(stage, days))
    others = [triggered(use_case, one, stage.days[0]) for one in verdicts]
    return Run(ours, (stage.nights(by_limits, since), *others), declared)


def quiet(name: str, rows: int, use_case: UseCase, stages: Sequence[Callable[[], Stage]], beside: int) -> list[object]:
    """A line of the table of quiet worlds."""
    runs = [run(use_case, make(), place < beside) for place, make in enumerate(stages)]
    found: list[object] = [
        name,
        rows,
        len(runs),
        f"{_mean([one.ours for one in runs]):.2f}",
        f"{sum(_asks(one.ours) for one in runs)}",
    ]
    if declared := [one.with_events for one in runs if one.with_events is not None]:
        storms = np.mean([called * DAYS / len(nights) for nights, called in declared])
        of_all = _mean([nights for nights, _ in declared])
        found[3] = f"{found[3]}, {of_all:.2f} with events declared, {storms:.2f} of it the first of a storm"
        found[4] = f"{found[4]}, {sum(_asks(nights) for nights, _ in declared)} with events declared"
    known = [one.others for one in runs if one.others]
    found += [
        f"{np.mean([_violated(one[place]) for one in known]):.1f} ({sum(_asks(one[place]) for one in known)} of {len(known)})"
        for place in range(4 if known else 0)
    ]
    return found


def seen(
    change: Change, rows: int, use_case: UseCase, stages: Sequence[Callable[[], Stage]], beside: int
) -> list[object]:
    """A line of the table of what happens."""
    runs = [run(use_case, make(), place < beside, SINCE) for place, make in enumerate(stages)]
    delays = [_delay(one.ours) for one in runs]
    found = [delay for delay in delays if delay is not None]
    named = sum(_named(one.ours, change) for one in runs)
    line: list[object] = [change.name, rows, len(runs), f"{len(found)}"]
    # One that is not seen is later than all that are.
    ordered = sorted(np.inf if delay is None else delay for delay in delays)
    line += [_days(ordered[len(ordered) // 2]), _days(ordered[-1]), f"{named}"]
    known = [one.others for one in runs if one.others]
    for place in range(4 if known else 0):
        others = [_delay(one[place]) for one in known]
        before = sum(night.violated for one in known for night in one[place][:SINCE])
        middle = sorted(np.inf if delay is None else delay for delay in others)[len(others) // 2]
        line.append(f"{_days(middle)}{' (before too)' if before else ''}")
    return line


def _violated(nights: list[Night]) -> int:
    return sum(night.violated for night in nights)


def _mean(worlds: list[list[Night]]) -> float:
    """Violated days in 90: worlds of real rows are watched for longer."""
    return float(np.mean([_violated(nights) * DAYS / len(nights) for nights in worlds]))


def _asks(nights: list[Night]) -> bool:
    return any(night.retrain for night in nights)


def _delay(nights: list[Night]) -> int | None:
    return next((place for place, night in enumerate(nights[SINCE:]) if night.violated), None)


def _named(nights: list[Night], change: Change) -> bool:
    """Whether a finding of the first violated day, or of the day after, names the column, and the slice where it is one.

    Of a change of no column: whether it is one of labels, or of matured quality. What does not name it may be a false verdict.
    """
    delay = _delay(nights)
    if delay is None:
        return False
    found = [one for night in nights[SINCE + delay : SINCE + delay + 2] for one in night.checks if one.violated]
    if not change.column:
        return any(one.kind in OF_LABELS for one in found)
    return any(
        one.feature == change.column and (not change.region or one.slice_value == change.region)
        for one in found
        if isinstance(one, Finding)
    )


def _days(delay: float) -> str:
    return "not" if np.isinf(delay) else f"{delay:.0f}"


def main() -> None:
    """Print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed: others than those that the docs have")
    parser.add_argument("--beside", type=int, default=3, help="worlds of each kind that others watch too")
    parser.add_argument("--rows", default="6,60,600,6000")
    parser.add_argument("--flights", type=Path, help="a lakehouse with flights, such as ./warehouse after make demo")
    parser.add_argument("--learned", type=int, help="so many weeks of the flights are learned from")
    parser.add_argument("--only", choices=("quiet", "seen"))
    parser.add_argument("--no-made-up", action="store_true", help="flights alone")
    parser.add_argument(
        "--labelled", action="store_true", help="quiet worlds also with a profile of labelled rows alone"
    )
    asked = parser.parse_args()
    alarm_flights.LEARNED = asked.learned or alarm_flights.LEARNED
    started, seeds = time.monotonic(), range(asked.first, asked.first + asked.seeds)
    sizes = [int(size) for size in asked.rows.split(",")]
    made_up = [] if asked.no_made_up else sizes
    flights = None if asked.flights is None else alarm_flights.Flights.of(asked.flights)
    if asked.only != "seen":
        _print(QUIET_HEAD, _quiet_lines(made_up, sizes, seeds, asked.beside, flights, asked.labelled))
    if asked.only != "quiet":
        _print(SEEN_HEAD, _seen_lines(made_up, sizes, seeds, asked.beside, flights))
    print(f"\n{time.monotonic() - started:.0f} s")


def _quiet_lines(
    made_up: list[int],
    sizes: list[int],
    seeds: Sequence[int],
    beside: int,
    flights: alarm_flights.Flights | None,
    labelled: bool,
) -> Iterator[list[object]]:
    week, short, long = (alarm_worlds.declared(days) for days in (7, 3, 14))

    def of(world: World) -> list[Callable[[], Stage]]:
        return [partial(alarm_worlds.stage, replace(world, seed=seed)) for seed in seeds]

    for rows in made_up:
        yield quiet("made up", rows, week, of(World(rows, False, 0)), beside)
        yield quiet("with a weekly season", rows, week, of(World(rows, True, 0)), beside)
        yield quiet("the same, with a holiday", rows, week, of(World(rows, True, 0, holiday=40)), 0)
        yield quiet("the same, with a missing day", rows, week, of(World(rows, True, 0, gap=40)), 0)
        cancelled = of(World(rows, True, 0, cancelled=0.05))
        yield quiet("the same, 5 % of the rows never get a label", rows, week, cancelled, 0)
        if labelled:
            yield quiet(LABELLED, rows, week, _with_labelled(cancelled), 0)
    for name, use_case in (
        () if not made_up else (("window of 3 days, shorter than the season", short), ("window of 14 days", long))
    ):
        yield quiet(name, 600, use_case, of(World(600, True, 0)), 0)
    if flights is not None:
        for rows in (size for size in sizes if size < 6000):
            stages = [partial(flights.stage, rows, seed) for seed in seeds]
            yield quiet("flights, weeks in drawn order", rows, flights.use_case, stages, beside)
            if labelled:
                yield quiet(LABELLED, rows, flights.use_case, _with_labelled(stages), 0)


def _with_labelled(stages: Sequence[Callable[[], Stage]]) -> list[Callable[[], Stage]]:
    return [lambda make=make: make().compared_with_labelled() for make in stages]  # type: ignore[misc]


def _seen_lines(
    made_up: list[int], sizes: list[int], seeds: Sequence[int], beside: int, flights: alarm_flights.Flights | None
) -> Iterator[list[object]]:
    week = alarm_worlds.declared(7)
    for change in (*alarm_worlds.CHANGES, *alarm_worlds.OTHERS):
        for rows in made_up:
            stages = []
            for seed in seeds:
                # It begins on another weekday in each world.
                skip = seed % 7
                world = World(rows, True, 1000 + seed, change, SINCE + skip)
                stages.append(partial(alarm_worlds.stage, world, SINCE + skip + change.watched, skip))
            yield seen(change, rows, week, stages, beside)
    if flights is not None:
        for change in alarm_flights.CHANGES:
            for rows in (size for size in sizes if size < 6000):
                stages = [partial(flights.stage, rows, seed, change, SINCE) for seed in seeds]
                yield seen(change, rows, flights.use_case, stages, beside)


def _print(head: tuple[str, ...], lines: Iterator[list[object]]) -> None:
    """A table, line by line: the bench takes minutes."""
    empty = tabulate([], headers=head, tablefmt="github")
    print(f"\n{empty}", flush=True)
    for line in lines:
        print(f"| {' | '.join(map(str, line))} |", flush=True)


if __name__ == "__main__":
    main()
