"""What half-lives, samples and weights by class do to the flights' models, week by week: ``make bench-learning``.

As of the first day of each week a model of each kind is trained by training's own steps (the middle of each declared range, the
number of trees chosen on validation, C = 0.001), once for each way to learn, and measured on the week that follows. Nobody looks
ahead. History is loaded into a scratch lakehouse, or kept in ``--keep FOLDER`` for the next time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tabulate import tabulate

from jobs.calibrate import history
from jobs.train import fitting, learned_rows
from jobs.train.candidates import tune
from jobs.train.search import space, tuning
from jobs.train.split import Split, divide
from lakehouse.declaration import LearnFrom, UseCase, loader
from lakehouse.evaluation import metrics
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.storage import spark_session
from tests.bench.triggers import load

FIRST, LAST = dt.date(2013, 4, 1), dt.date(2013, 12, 31)
WEEK = dt.timedelta(days=7)
KINDS = ("linear", "boosted", "blend")
STRENGTH = 0.001
WAYS: dict[str, LearnFrom | None] = {
    "all rows alike": None,
    **{f"half_life_days: {days}": LearnFrom(half_life_days=days) for days in (14, 30, 60, 120)},
    "sample: {share: 0.2}": LearnFrom.model_validate({"sample": {"share": 0.2}}),
    "sample: {rows_a_day: 180}": LearnFrom.model_validate({"sample": {"rows_a_day": 180}}),
    'sample: {by_class: {"no": 0.3}}': LearnFrom.model_validate({"sample": {"by_class": {"no": 0.3}}}),
    "class_weights: balanced": LearnFrom(class_weights="balanced"),
}


@dataclass
class Course:
    """One way to learn over the weeks.

    Attributes:
        loss: by kind the log loss of each week.
        auc: likewise ROC-AUC.
        gap: likewise the mean score less the mean label.
        rows: learned from, each week.
        seconds: of processor time, each week: search of one trial and the fits of all kinds.
    """

    loss: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    auc: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    gap: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rows: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def walk(use_case: UseCase, rows: dict[str, TrainingSet], weeks: list[dt.date]) -> dict[str, Course]:
    """Every way in every week, week by week: a machine that is busier for a while is so for all."""
    courses = {way: Course() for way in WAYS}
    for week in weeks:
        for way, learn in WAYS.items():
            declared, known = use_case.model_copy(update={"learn_from": learn}), rows[way]
            split = Split.for_day(declared, week)
            parts = divide(known.between(split.whole.first, split.whole.last), split, declared)
            started, model = time.process_time(), declared.model
            to_fit = learned_rows.to_fit(declared, parts.train)
            tuned = tuning.tune(model, to_fit, parts.validation, starts=[space.middles(model)])
            past = learned_rows.to_fit(declared, fitting.joined(parts.train, parts.validation))
            fitted = tune.fit_each(model, tuned, tune.learned(model, past), KINDS, STRENGTH)
            course = courses[way]
            course.seconds.append(time.process_time() - started)
            course.rows.append(len(past))
            scored = known.between(week, week + WEEK - dt.timedelta(days=1)).labelled()
            for kind, one in fitted.items():
                score = one.score(fitting.coded(one, scored).features)
                found = metrics.compute("classification", scored.label, score)
                course.loss[kind].append(float(found["log_loss"] or 0))
                course.auc[kind].append(float(found["roc_auc"] or 0))
                course.gap[kind].append(float(score.mean() - scored.label.mean()))
        print(week, {way: round(course.loss["blend"][-1], 4) for way, course in courses.items()}, flush=True)
    return courses


def report(courses: dict[str, Course]) -> str:
    """A line a way: means over weeks, and by how much its loss is less than that of all rows alike."""
    usual, dice = next(iter(courses.values())), np.random.default_rng(1)
    lines = []
    for way, course in courses.items():
        line: list[object] = [way, int(np.mean(course.rows)), f"{np.sum(course.seconds) / np.sum(usual.seconds):.2f}"]
        for kind in KINDS:
            gain = np.array(usual.loss[kind]) - np.array(course.loss[kind])
            drawn = dice.choice(gain, (4000, len(gain))).mean(axis=1)
            low, high = np.quantile(drawn, (0.025, 0.975))
            worse = int((gain < 0).sum())
            line.append(f"{np.mean(course.loss[kind]):.4f}")
            line.append("" if course is usual else f"{gain.mean():+.4f} ({low:+.4f} to {high:+.4f}), {worse}")
        line += [f"{np.mean(course.auc['blend']):.3f}", f"{np.mean(np.abs(course.gap['blend'])):.3f}"]
        lines.append(line)
    heads = ["learn_from", "rows", "processor time"]
    heads += [text for kind in KINDS for text in (kind, "better by (95 %), weeks worse")]
    return tabulate(lines, [*heads, "ROC-AUC, blend", "|gap|, blend"], tablefmt="github", disable_numparse=True)


def main() -> None:
    """Load the year where it is not there yet, walk, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="where the year is loaded to, and found the next time")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, default=FIRST)
    parser.add_argument("--to", dest="last", type=dt.date.fromisoformat, default=LAST)
    parser.add_argument("--every", type=int, default=2, help="every so many weeks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.keep or Path(scratch)).absolute()
        os.environ.pop("SPARK_REMOTE", None)
        places = {"LAKEHOUSE_ROOT": folder / "warehouse", "LANDING_ROOT": folder / "landing", "NIGHTJAR_HOME": scratch}
        os.environ |= {name: str(place) for name, place in places.items()}
        use_case = loader.by_name("flight_delays")
        load(use_case)
        one_trial = use_case.model.model_copy(update={"trials": 1, "minutes": None})
        use_case = use_case.model_copy(update={"model": one_trial})
        span = use_case.calendar.start, min(asked.last, use_case.calendar.end or asked.last)
        weeks = [asked.first + number * asked.every * WEEK for number in range(100)]
        weeks = [week for week in weeks if week + WEEK <= span[1]]
        alike = history.read(use_case, *span)
        rows = {
            way: alike
            if learn is None or not learn.of_some_rows
            else history.read(use_case.model_copy(update={"learn_from": learn}), *span)
            for way, learn in WAYS.items()
        }
        spark_session.leave()
        print(report(walk(use_case, rows, weeks)))


if __name__ == "__main__":
    main()
