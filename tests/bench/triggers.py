"""What each trigger would have done to the flights from July to December 2013, day by day: ``make bench-triggers``.

A day is scored by the champion of that morning, monitored by monitoring's own functions, and where the declared trigger asks for
it a model is trained as of that day by training's own steps, with the middle of every declared range in the place of a search. The
gate decides as declared; a second table takes every model that was trained. Nobody looks ahead. History is loaded into a scratch
lakehouse, or kept in ``--keep FOLDER`` for the next time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from tabulate import tabulate

from include.flight_delays.demo import feed
from jobs import command_line, stages
from jobs.calibrate import backtest, equals, history
from jobs.calibrate.backtest import PastModel
from jobs.calibrate.watch import Watch
from jobs.monitor import drift, retraining, triggers, verdict
from jobs.monitor.drift import Evidence
from jobs.monitor.triggers import Known
from jobs.train.search import space
from lakehouse import tables
from lakehouse.declaration import Retrain, UseCase, loader
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.ops import model_events
from lakehouse.storage import delta_log, spark_session

YEAR = (dt.date(2013, 1, 1), dt.date(2013, 12, 31))
FIRST, LAST = dt.date(2013, 7, 1), dt.date(2013, 12, 31)
A_DAY = dt.timedelta(days=1)
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "triggers.png"
GATED = "the gate decides, as declared"
# Days over which the losses of the picture are smoothed.
SMOOTHED = 14

POLICIES = {
    "never": Retrain(triggers=()),
    "weekly": Retrain(triggers=(), every_days=7),
    "every 28 days": Retrain(triggers=(), every_days=28),
    "20,000 new labels": Retrain(triggers=(), new_labels=20_000),
    "drift": Retrain(triggers=("drift",)),
    "performance": Retrain(triggers=("performance",)),
    "all": Retrain(every_days=28, new_labels=20_000, at_most_a_month=4),
}


@dataclass(frozen=True)
class Trained:
    """A model of a past day, what it does on the days after, and how long it took to train."""

    past: PastModel
    evidence: Evidence
    seconds: float


@dataclass
class Models:
    """The models that any policy asks for, each trained once."""

    use_case: UseCase
    rows: TrainingSet
    made: dict[dt.date, Trained] = field(default_factory=dict)

    def of(self, day: dt.date) -> Trained:
        """The model of that day."""
        if day not in self.made:
            began = time.monotonic()
            past = backtest.train(self.use_case, self.rows, day, space.middles(self.use_case.model))
            seconds = time.monotonic() - began
            watch = Watch.of(self.use_case, self.rows, past, day.toordinal(), LAST)
            self.made[day] = Trained(past, watch.evidence, seconds)
            print(f"trained for {day} in {seconds:.0f} s, {len(self.made)} models so far", flush=True)
        return self.made[day]


@dataclass
class Lived:
    """How a policy lived through the days.

    Attributes:
        loss: by day, the mean log loss and the labelled rows.
        asked: by day, the triggers that asked for a training.
        promoted: the days on which a new champion was found.
        held: why the gate held the others, the first reason of each without its numbers.
        violated: the days whose verdict was violated.
    """

    loss: dict[dt.date, tuple[float, int]] = field(default_factory=dict)
    asked: dict[dt.date, list[str]] = field(default_factory=dict)
    promoted: list[dt.date] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    violated: int = 0

    @property
    def mean(self) -> float:
        """Log loss of all rows."""
        total = sum(rows for _, rows in self.loss.values())
        return sum(loss * rows for loss, rows in self.loss.values()) / total


def live(models: Models, labels: Mapping[dt.date, int], policy: Retrain, gated: bool) -> Lived:
    """Live through the days with this policy."""
    use_case, lived = models.use_case, Lived()
    champion, since, made = FIRST, FIRST, [FIRST]
    violated: dict[dt.date, frozenset[str]] = {}
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + number * A_DAY
        trained = models.of(champion)
        if day in trained.evidence.matured:
            matured = trained.evidence.matured[day]
            lived.loss[day] = (matured.loss, matured.labelled_rows)
        seen = as_champion(trained.evidence, since)
        checks = drift.checks_of_day(day, use_case, seen)
        rows = drift.rows(day, seen.version, checks, verdict.day_verdict(checks, use_case.drift))
        violated |= retraining.violated_by(rows, use_case.drift)
        lived.violated += bool(violated[day])
        before = max((one for one in made if one < day), default=None)
        maturity = use_case.maturity_days * A_DAY
        new = (
            None
            if before is None
            else sum(n for past, n in labels.items() if before - maturity < past <= day - maturity)
        )
        known = Known(violated=violated, champion_trained_for=champion, trained_for=made, new_labels=new)
        decision = triggers.decide(day, policy, use_case.drift, known)
        if not decision.retrain:
            continue
        lived.asked[day] = list(decision.triggers)
        made.append(day)
        why = held_for(use_case, trained.past, models.of(day).past) if gated else None
        if why is not None:
            lived.held[why] += 1
            continue
        lived.promoted.append(day)
        # It scores from the next morning on, and its verdicts begin then.
        champion, since, violated = day, day + A_DAY, {}
    return lived


def as_champion(evidence: Evidence, since: dt.date) -> Evidence:
    """What monitoring has of a champion: its scores, and how they turned out, from its first day on."""
    return replace(
        evidence,
        scores={day: found for day, found in evidence.scores.items() if day >= since},
        matured={day: found for day, found in evidence.matured.items() if day >= since},
    )


def held_for(use_case: UseCase, champion: PastModel, challenger: PastModel) -> str | None:
    """Why the declared gate holds the challenger, without numbers; None when it promotes it."""
    for comparison in equals.of_successors(use_case, [champion, challenger]):
        decision = comparison.decision(use_case.gate)
        if decision.verdict == model_events.PROMOTED:
            return None
        return re.sub(r"-?\d[\d.,]*( %)?", "#", decision.reasons[0])
    return "no day of the holdout is new to the champion"


def load(use_case: UseCase) -> None:
    """The year, all sources and features, unless it is there."""
    if delta_log.exists(tables.features(use_case)) and len(history.built_days(use_case)) == 365:
        return
    feed.deliver(os.environ["LANDING_ROOT"], *YEAR)
    for source in ("flight_schedule", "flight_outcomes", "weather", "planes"):
        # Weather of the last day of 2013 was never delivered.
        until = YEAR[1] - A_DAY if source == "weather" else YEAR[1]
        run(["ingest", "--source", source, "--partition", str(YEAR[0]), "--through", str(until)])
    run(["features", "--use-case", use_case.name, "--partition", str(YEAR[0]), "--through", str(YEAR[1])])


def run(line: list[str]) -> None:
    """Run a stage in this process, by its command line."""
    command = command_line.parse(line)
    stages.STAGES[command.stage].run(command.arguments)


def table(lives: Mapping[str, Lived], models: Models) -> str:
    """The figures in Markdown."""
    never = lives["never"]
    lines = []
    for name, lived in lives.items():
        seconds = sum(models.of(day).seconds for day in lived.asked)
        better = [
            never.loss[day][0] - loss for day, (loss, _) in lived.loss.items() if day in never.loss and name != "never"
        ]
        low, high = interval(better) if better else (0.0, 0.0)
        gain = f"{never.mean - lived.mean:+.4f} ({low:+.4f} to {high:+.4f})" if better else ""
        lines.append(
            [
                name,
                f"{lived.mean:.4f}",
                gain,
                len(lived.asked),
                len(lived.promoted),
                f"{seconds / 60:.1f}",
                lived.violated,
            ]
        )
    head = [
        "trigger",
        "mean log loss",
        "better than never",
        "trainings",
        "promoted",
        "minutes of training",
        "violated days",
    ]
    return tabulate(lines, head, tablefmt="github", disable_numparse=True)


def interval(better: list[float]) -> tuple[float, float]:
    """The 95 % interval of the mean over days, from whole weeks drawn with replacement: days next to one another are alike."""
    dice, weeks = np.random.default_rng(1), np.array_split(np.array(better), max(len(better) // 7, 1))
    means = [
        np.concatenate([weeks[place] for place in dice.integers(len(weeks), size=len(weeks))]).mean()
        for _ in range(2000)
    ]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def draw(by_title: Mapping[str, Mapping[str, Lived]]) -> None:
    """Loss against never by day, and when each trained; a column each for the gate as declared and for every model taken."""
    figure = Figure(figsize=(13, 6.5))
    axes = figure.subplots(2, len(by_title), sharex=True, sharey="row", height_ratios=(3, 1), squeeze=False)
    for (title, lives), above, below in zip(by_title.items(), *axes, strict=True):
        never = lives["never"]
        days = sorted(never.loss)
        base = smoothed([never.loss[day][0] for day in days])
        for place, (name, lived) in enumerate(lives.items()):
            color = f"C{place}"
            if name != "never":
                own = smoothed([lived.loss[day][0] for day in days])
                above.plot(days, base - own, color=color, label=f"{name} ({lived.mean:.4f})", linewidth=1.3)
            asked, took = list(lived.asked), lived.promoted
            below.scatter(asked, [name] * len(asked), color=color, marker="o", s=20, facecolors="none")
            below.scatter(took, [name] * len(took), color=color, marker="o", s=20)
        above.axhline(0, color="black", linewidth=0.8)
        above.set(
            title=f"{title}; never retrained: {never.mean:.4f}", ylabel=f"log loss saved, mean of {SMOOTHED} days"
        )
        above.legend(fontsize=8, loc="lower left")
        below.set(xlabel="2013; circles: trained, filled: promoted")
        below.tick_params(labelsize=8)
        below.xaxis.set_major_formatter(DateFormatter("%b"))
    axes[1][0].invert_yaxis()
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=80)


def smoothed(values: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The mean of the last days."""
    sums = np.cumsum(np.insert(np.array(values), 0, 0.0))
    return np.array([(sums[end] - sums[max(0, end - SMOOTHED)]) / min(end, SMOOTHED) for end in range(1, len(sums))])


def main() -> None:
    """Load, live, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="FOLDER", help="where the year is loaded to, and found the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.keep or scratch).absolute()
        os.environ.pop("SPARK_REMOTE", None)
        os.environ.update(LAKEHOUSE_ROOT=str(folder / "warehouse"), LANDING_ROOT=str(folder / "landing"))
        use_case = loader.by_name("flight_delays")
        load(use_case)
        began = FIRST - use_case.split.train.first * A_DAY
        models = Models(use_case, history.read(use_case, began, LAST))
        spark_session.leave()
        known = models.rows.labelled()
        labels = {
            day.astype(dt.date): int(count)
            for day, count in zip(*np.unique(known.days, return_counts=True), strict=True)
        }
        by_title: dict[str, Mapping[str, Lived]] = {}
        for gated, title in ((True, GATED), (False, "every model is taken")):
            lives = {name: live(models, labels, policy, gated) for name, policy in POLICIES.items()}
            print(f"\n{FIRST} to {LAST}, {title}:\n\n{table(lives, models)}\n", flush=True)
            for name, lived in lives.items():
                print(f"{name}: " + ", ".join(f"{day} ({' and '.join(why)})" for day, why in lived.asked.items()))
            by_title[title] = lives
        print("\nheld because:")
        for name, lived in by_title[GATED].items():
            print(f"{name}: " + "; ".join(f"{count} x {why}" for why, count in lived.held.most_common(3)))
        draw(by_title)


if __name__ == "__main__":
    main()
