"""How well quality is foretold before labels mature: ``make bench-estimates`` (KEEP=folder NANNYML=python QUIET=worlds).

- The flights of July to December 2013: the champion that is trained for July 1 and kept, and one that is trained anew each month.
  Each day and each week its ROC-AUC and log loss are estimated from its scores alone, and compared with what they turned out to be.
- NannyML's car loan: the scores that come with the data, by chunks of 5,000 rows, and NannyML's own estimates beside ours.
- Made-up worlds in which nothing happens: what the finding adds to false verdicts.

Two naive forecasts stand beside: as on the holdout, and the last day (week) whose labels had matured. History is loaded into a
scratch lakehouse, or kept in ``--keep FOLDER`` for the next time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tabulate import tabulate

from jobs.calibrate import backtest, history
from jobs.calibrate.backtest import PastModel
from jobs.gate import measurement
from jobs.monitor import estimates, matured_shares
from jobs.monitor.matured_shares import MaturedDay
from jobs.monitor.scored_rows import ScoredRows
from jobs.train import estimator, training_profile
from jobs.train.estimator import Judged
from jobs.train.search import space
from lakehouse.declaration import Rhythm, UseCase, loader
from lakehouse.evaluation import base_rates
from lakehouse.evaluation.calibrator import METHODS, Method
from lakehouse.evaluation.estimated_metrics import Estimates
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.quality_estimator import QualityEstimator
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.models import registry
from lakehouse.storage import spark_session
from tests.bench import estimates_loan, estimates_quiet, estimates_variants, triggers
from tests.bench.estimates_rival import Piece, cbpe

FIRST, LAST = triggers.FIRST, triggers.LAST
METRICS = ("roc_auc", "log_loss", "brier", "precision", "recall")
HEAD = ("forecast", "ROC-AUC", "log loss", "Brier", "precision", "recall")


@dataclass(frozen=True)
class Period:
    """The scored rows of a day or a week, and what was said of them before.

    Attributes:
        rows: with their labels, NaN where none came.
        said: by forecast and metric the value.
        error: of the estimates by ``isotonic``, by metric the standard error.
        realised: by metric.
    """

    rows: Judged
    said: dict[str, Mapping[str, float | None]]
    error: Mapping[str, float]
    realised: Mapping[str, float | None]


@dataclass(frozen=True)
class Champion:
    """A model that scores from ``day`` on, with what its training kept."""

    day: dt.date
    past: PastModel
    estimators: Mapping[Method, QualityEstimator]
    judged: Judged

    @classmethod
    def of(cls, use_case: UseCase, rows: TrainingSet, day: dt.date) -> Champion:
        """Train it by training's own steps, with the middle of every declared range in the place of a search."""
        past = backtest.train(use_case, rows, day, space.middles(use_case.model))
        found = {}
        for method in METHODS:
            drift = use_case.drift.model_copy(update={"estimate": method})
            made = training_profile.estimator_of(past.parts, past.tuned, past.model, drift, use_case.calendar.scores)
            assert made is not None
            found[method] = made
        parts = past.parts.validation, past.parts.holdout
        days, label = (np.concatenate([getattr(part, name) for part in parts]) for name in ("days", "label"))
        score = np.concatenate([past.tuned.validation_score, past.model.score])
        print(f"trained for {day}", flush=True)
        return cls(day, past, found, Judged(days, label, score, decide(past, score)))

    def score(self, use_case: UseCase, rows: TrainingSet) -> Judged:
        """The rows with its scores and decisions."""
        predicted = measurement.of_model(self.past.model.scorer, self.past.model.threshold, rows, use_case, "it")
        score = predicted.predictions.score
        return Judged(rows.days, rows.label, score, decide(self.past, score))


def decide(
    past: PastModel, score: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """1 where the threshold is reached."""
    assert past.model.threshold is not None
    return (score >= past.model.threshold).astype(np.int8)


def periods(use_case: UseCase, rows: TrainingSet, champions: Sequence[Champion], length: int) -> list[Period]:
    """The periods of so many days from July 1 on, each by the champion of its first day."""
    found: list[Period] = []
    # Of each champion's own scores: matured days of another model's make no curve.
    known: dict[dt.date, list[Judged]] = {}
    for start in range(0, (LAST - FIRST).days + 2 - length, length):
        first = FIRST + dt.timedelta(days=start)
        champion = max((one for one in champions if one.day <= first), key=lambda one: one.day)
        scored = champion.score(use_case, rows.between(first, first + dt.timedelta(days=length - 1)))
        labelled = scored.where(~np.isnan(scored.label))
        realised = estimator.realised_of(labelled.label, labelled.score, labelled.decided)
        of_champion = known.setdefault(champion.day, [])
        estimated = {
            name: one.estimates(scored.score, scored.decided, moved_by(one, of_champion, first))
            for name, one in champion.estimators.items()
        }
        unmoved = champion.estimators["isotonic"].estimates(scored.score, scored.decided)
        said: dict[str, Mapping[str, float | None]]
        said = {name: values(of) for name, of in estimated.items()}
        said["isotonic, by training alone"] = values(unmoved)
        said["as on the holdout"] = {name: champion.past.model.metrics["model"].get(name) for name in METRICS}
        said["the last one that had matured"] = found[-1].realised if found else said["as on the holdout"]
        holdout = champion.past.split.holdout.first
        labels = [part.where(~np.isnan(part.label)) for part in of_champion]
        said |= estimates_variants.said(champion.judged, holdout, labels, first, scored)
        errors = {
            name: (one.variance + champion.estimators["isotonic"].strayed[name]) ** 0.5
            for name, one in estimated["isotonic"].items()
            if one is not None and name in METRICS
        }
        found.append(Period(scored, said, errors, realised))
        of_champion.append(scored)
    return found


def moved_by(made: QualityEstimator, known: Sequence[Judged], first: dt.date) -> float:
    """By how much the platform moves chances after the newest matured days before ``first``."""
    since = np.datetime64(first - dt.timedelta(days=base_rates.DAYS))
    days: list[MaturedDay] = []
    for part in known:
        for day in np.unique(part.days[part.days >= since]):
            rows = part.where(part.days == day)
            label = rows.label[~np.isnan(rows.label)]
            if len(label):
                expected = float(made.calibrators[0].of(rows.score).mean())
                days.append(MaturedDay(len(label), expected, float(label.mean())))
    return matured_shares.move(days)


def values(found: Estimates) -> dict[str, float | None]:
    """The estimates without their variances."""
    return {name: None if one is None else one.value for name, one in found.items()}


def errors(found: Sequence[Period], forecast: str, metric: str) -> list[float]:
    """By period how far the forecast was off; periods that do not define the metric are left out."""
    pairs = ((one.said[forecast].get(metric), one.realised.get(metric)) for one in found)
    return [abs(said - came) for said, came in pairs if said is not None and came is not None]


def table(found: Sequence[Period]) -> str:
    """The mean absolute error of each forecast, in Markdown."""

    def cell(name: str, metric: str) -> str:
        known = errors(found, name, metric)
        return f"{np.mean(known):.4f}" if known else ""

    lines = [[name, *(cell(name, metric) for metric in METRICS)] for name in found[0].said]
    return str(tabulate(lines, HEAD, tablefmt="github", disable_numparse=True))


def follows(found: Sequence[Period]) -> str:
    """The correlation of each forecast with what came, and how often the realised value lay within two standard errors."""
    lines = []
    for name in ("platt", "isotonic", "isotonic, by training alone", "the last one that had matured"):
        cells = []
        for metric in METRICS[:3]:
            pairs = np.array(
                [(one.said[name][metric], one.realised[metric]) for one in found if one.realised[metric] is not None]
            )
            cells.append(f"{np.corrcoef(pairs.T)[0, 1]:.2f}")
        lines.append([name, *cells])
    within = [
        np.mean([abs(one.said["isotonic"][m] - one.realised[m]) <= 2 * one.error[m] for one in found])
        for m in METRICS[:3]
    ]
    lines.append(["isotonic: within two of its errors", *(f"{share:.0%}" for share in within)])
    return str(tabulate(lines, ("correlation with what came", *HEAD[1:4]), tablefmt="github", disable_numparse=True))


def with_rival(python: str, champion: Champion, found: Sequence[Period]) -> None:
    """Add NannyML's estimates of these periods to what is said of them: those of a kept champion."""
    judged = champion.judged
    reference = Piece(judged.label, judged.score, judged.decided, np.unique(judged.days, return_inverse=True)[1])
    sizes = [len(one.rows.score) for one in found]
    label, score, decided = (
        np.concatenate([getattr(one.rows, name) for one in found]) for name in ("label", "score", "decided")
    )
    analysis = Piece(label, score, decided, np.repeat(np.arange(len(found)), sizes))
    for one, line in zip(found, cbpe(python, reference, analysis), strict=True):
        one.said["NannyML's CBPE"] = line


def trained(keep: str | None) -> tuple[UseCase, TrainingSet, list[Champion]]:
    """The flights, and the champions of the first of each month."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(keep or scratch).absolute()
        os.environ.pop("SPARK_REMOTE", None)
        os.environ.update(LAKEHOUSE_ROOT=str(folder / "warehouse"), LANDING_ROOT=str(folder / "landing"))
        use_case = loader.by_name("flight_delays")
        triggers.load(use_case)
        rows = history.read(use_case, FIRST - dt.timedelta(days=use_case.split.train.first), LAST)
        spark_session.leave()
    return use_case, rows, [Champion.of(use_case, rows, dt.date(2013, month, 1)) for month in range(7, 13)]


def flights(use_case: UseCase, rows: TrainingSet, monthly: Sequence[Champion], nannyml: str | None) -> None:
    """Print the tables of the flights."""
    for title, champions in (("the champion of July 1, kept", monthly[:1]), ("a champion a month", monthly)):
        for length, name in ((1, "day"), (7, "week")):
            found = periods(use_case, rows, champions, length)
            if nannyml and len(champions) == 1:
                with_rival(nannyml, champions[0], found)
            print(f"\nflights, {title}, mean absolute error by {name} ({len(found)} of them)\n\n{table(found)}\n")
            print(follows(found), flush=True)


def cost(rows: int) -> None:
    """Print what a day of so many rows takes on one core, from arrays in memory."""
    dice = np.random.default_rng(1)
    margin = dice.normal(-1, 1.5, 20_000)
    score, label = 1 / (1 + np.exp(-margin)), (dice.random(20_000) < 1 / (1 + np.exp(-margin))).astype(float)
    days = np.datetime64("2024-01-01") + np.arange(20_000) // 1_000
    made = estimator.fit("isotonic", Judged(days, label, score, (score >= 0.4).astype(np.int8)), Rhythm())
    assert made is not None
    many = dice.choice(score, rows) * (1 - dice.random(rows) * 1e-3)
    texts = SliceTexts(dice.integers(0, 20, rows), tuple(f"s{number:02}" for number in range(20)))
    for what, slices, whole in (("as a whole", {}, True), ("in 20 slices of a column", {"part": texts}, False)):
        decided = (many >= 0.4).astype(np.int8)
        of_day = ScoredRows(FIRST, registry.CHAMPION, 1, many, decided, np.empty(0), slices)
        began = time.process_time()
        lines = list(estimates.of_rows(of_day, made, whole, by=0.1))
        print(
            f"{rows:,} rows {what}: {len(lines)} estimates in {time.process_time() - began:.1f} s of a core", flush=True
        )


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="FOLDER", help="where the year is loaded to, and found the next time")
    parser.add_argument("--nannyml", metavar="PYTHON", help="a Python that has NannyML: its own estimates stand beside")
    parser.add_argument("--quiet", type=int, default=4, metavar="WORLDS", help="how many quiet worlds of each kind (4)")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the day whose cost is measured (10,000,000)")
    options = parser.parse_args()
    cost(options.rows)
    estimates_loan.run(options.nannyml)
    flights(*trained(options.keep), options.nannyml)
    estimates_quiet.run(options.quiet)


if __name__ == "__main__":
    main()
