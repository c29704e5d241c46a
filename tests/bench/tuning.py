"""Report quality over time: no tuning, random search, TPE without pruning, and the platform's search; ``make bench-tuning``.

The training set is flight_delays' as of May 31, read from the lakehouse of ``make demo``. Every contender has the same ranges,
the same rows binned once, and so many seconds; what counts is the least loss on validation when so many seconds have passed.
Binning is on the clock.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna

from jobs.train import job
from jobs.train.input_snapshot import take_snapshot
from jobs.train.search import space, tuning
from jobs.train.search.objective import Objective
from jobs.train.search.study import Study
from jobs.train.split import Parts, Split
from lakehouse.declaration import Model, loader

DAY = dt.date(2013, 5, 31)
MARKS = (5, 10, 20, 40)
TRIALS = (5, 10)


@dataclass(frozen=True)
class Contender:
    """A way to search. Sampler and pruner are the platform's where none is named."""

    name: str
    trials: int = 1000
    at_random: bool = False
    prunes: bool = True
    from_the_middle: bool = True


CONTENDERS = (
    Contender("no tuning: the middle of every range", trials=1),
    Contender("random search", at_random=True, prunes=False, from_the_middle=False),
    Contender("TPE without pruning", prunes=False),
    Contender("TPE with pruning"),
)


@dataclass(frozen=True)
class Course:
    """How a search went: seconds since its start, and loss of each trial (infinite when it was pruned)."""

    points: tuple[tuple[float, float], ...]
    seconds: float

    def best_after(self, seconds: float) -> float | None:
        """The least loss by then; None when no trial had ended."""
        losses = [loss for at, loss in self.points if at <= seconds]
        return min(losses) if losses else None

    def best_of(self, trials: int) -> float | None:
        """The least loss of the trials that ended first; None when there were not so many."""
        losses = [loss for _, loss in sorted(self.points)[:trials]]
        return min(losses) if len(losses) == trials else None

    @property
    def trials(self) -> int:
        """How many there were in time."""
        return sum(at <= self.seconds for at, _ in self.points)


def run(contender: Contender, model: Model, parts: Parts, seconds: float, seed: int) -> Course:
    """Search for so many seconds."""
    changes = {"trials": contender.trials, "minutes": seconds / 60, "seed": seed}
    mine = model.model_copy(update=changes)
    with tempfile.TemporaryDirectory() as root:
        folder, started = Path(root) / "study", time.time()
        if contender.prunes:
            trials = tuning.tune(mine, parts.train, parts.validation, folder=folder).trials
        else:
            starts = [space.middles(mine)] if contender.from_the_middle else []
            sampler = optuna.samplers.RandomSampler(seed=seed) if contender.at_random else None
            study = Study(folder, mine, starts, sampler, optuna.pruners.NopPruner())
            Objective(mine, parts.train, parts.validation, space.cores()).search(study, started + seconds)
            trials = study.ended()
            study.close()
    losses = [trial.loss if trial.state == "complete" else math.inf for trial in trials]
    return Course(tuple((t.ended_at - started, loss) for t, loss in zip(trials, losses, strict=True)), seconds)


def report(courses: dict[Contender, list[Course]], seconds: Sequence[float], trials: Sequence[int]) -> str:
    """The Markdown table: means over the seeds, and the spread at the end."""
    heads = [*(f"{mark:g} s" for mark in seconds), *(f"{mark} trials" for mark in trials)]
    lines = [f"| validation log loss after | {' | '.join(heads)} | at the end, lowest to highest | trials |"]
    lines.append("| --- " * (len(heads) + 3) + "|")
    for contender, found in courses.items():
        cells = [_mean([course.best_after(mark) for course in found]) for mark in seconds]
        cells += [_mean([course.best_of(mark) for course in found]) for mark in trials]
        last = [loss for course in found if (loss := course.best_after(course.seconds)) is not None]
        spread = f"{min(last):.5f} to {max(last):.5f}" if last else ""
        counted = f"{statistics.mean(course.trials for course in found):.0f}"
        lines.append(f"| {contender.name} | {' | '.join(cells)} | {spread} | {counted} |")
    return "\n".join(lines)


def _mean(losses: Sequence[float | None]) -> str:
    known = [loss for loss in losses if loss is not None]
    return f"{statistics.mean(known):.5f}" if len(known) == len(losses) else "-"


def main() -> None:
    """Read the rows, let every contender run with every seed, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--use-case", default="flight_delays")
    parser.add_argument("--partition", type=dt.date.fromisoformat, default=DAY)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=MARKS[-1], help="for each search")
    asked = parser.parse_args()
    use_case = loader.by_name(asked.use_case)
    split = Split.for_day(use_case, asked.partition)
    parts = job.read(use_case, split, take_snapshot(use_case, split))
    print(f"{use_case.name} as of {asked.partition}: rows {parts.rows}, {space.cores()} cores, {asked.seeds} seeds\n")
    courses: dict[Contender, list[Course]] = {contender: [] for contender in CONTENDERS}
    # Seed by seed, so that a machine which is busier for a while is so for all contenders.
    for seed in range(1, asked.seeds + 1):
        for contender in CONTENDERS:
            courses[contender].append(run(contender, use_case.model, parts, asked.seconds, seed))
        print(f"done: seed {seed}", flush=True)
    print("\n" + report(courses, [mark for mark in MARKS if mark <= asked.seconds], TRIALS))


if __name__ == "__main__":
    main()
