"""What a training keeps for estimates: curves of rows that no model had learned, and how far days stray from the estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jobs.calibrate import backtest
from jobs.calibrate.watch import Watch
from jobs.train import estimator
from jobs.train.estimator import Judged
from jobs.train.search import space
from lakehouse.declaration import Rhythm
from lakehouse.evaluation.calibrator import METHODS, Method
from lakehouse.evaluation.drift_profile import Profile
from tests.bench import alarm_worlds
from tests.bench.alarm_worlds import World

DAILY = Rhythm()
START = np.datetime64("2024-01-01")


def judged(days: int, rows: int, mood: float, seed: int, classes: int = 0) -> Judged:
    """Days whose chances are off by a mood of the day, in log-odds."""
    dice = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    if classes:
        score = dice.dirichlet(np.arange(1, classes + 1), days * rows)
        label = (dice.random(len(score))[:, None] > score.cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
        names = tuple("abcdef"[:classes])
        return Judged(START + day, label.astype(float), score, score.argmax(axis=1), names)
    margin = dice.normal(-1, 1.5, len(day))
    chance = 1 / (1 + np.exp(-margin - dice.normal(0, mood, days)[day]))
    label = (dice.random(len(day)) < chance).astype(float)
    score = 1 / (1 + np.exp(-margin))
    return Judged(START + day, label, score, (score >= 0.4).astype(np.int8))


@pytest.mark.parametrize("method", METHODS)
def test_days_that_stray_are_said_to_and_days_that_do_not_are_not(method: Method) -> None:
    quiet, moody = (estimator.fit(method, judged(30, 200, mood, 1), DAILY) for mood in (0.0, 0.6))
    assert quiet is not None and moody is not None
    assert len(quiet.days) == 30 and set(quiet.ordinary["log_loss"].rows) == {200}
    for name in ("log_loss", "brier", "label_rate"):
        assert moody.strayed[name] > 5 * quiet.strayed[name]
    # The share of yes of a day strays by what the mood does to it.
    strayed = np.std([np.mean(1 / (1 + np.exp(-_margins() - mood))) for mood in _moods(0.6)])
    assert moody.strayed["label_rate"] ** 0.5 == pytest.approx(strayed, rel=0.4)


def _margins() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(7).normal(-1, 1.5, 5000)


def _moods(mood: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(8).normal(0, mood, 200)


def test_several_classes_have_a_curve_each() -> None:
    made = estimator.fit("isotonic", judged(12, 100, 0.0, 3, classes=3), DAILY)
    assert made is not None and (len(made.calibrators), made.classes) == (3, ("a", "b", "c"))
    assert set(made.ordinary) == set(made.strayed) == {"log_loss", "brier", "accuracy"}


def test_ordinary_days_are_of_all_rows_and_curves_of_those_with_a_label() -> None:
    rows = judged(30, 200, 0.1, 5)
    # Rows that never get a label, and whose scores the model is surer of.
    known = (rows.score > 0.1) | (np.random.default_rng(1).random(len(rows.score)) < 0.5)
    hidden = replace(rows, label=np.where(known, rows.label, np.nan))
    alone = estimator.fit("platt", hidden.where(known), DAILY)
    made = estimator.fit("platt", hidden.where(known), DAILY, hidden.where(~known))
    assert alone is not None and made is not None
    assert (made.calibrators, made.strayed, made.days) == (alone.calibrators, alone.strayed, alone.days)
    for metric in ("log_loss", "roc_auc"):
        night = made.estimates(rows.score, rows.decided)[metric]
        assert night is not None and sum(made.ordinary[metric].rows) == len(rows.score)
        off = [
            night.value - np.average(one.ordinary[metric].values, weights=one.ordinary[metric].rows)
            for one in (made, alone)
        ]
        assert abs(off[0]) < 0.01 < abs(off[1])


def test_labels_that_are_all_alike_give_no_curve_and_few_days_say_nothing_of_days() -> None:
    rows = judged(4, 100, 0.0, 4)
    few = estimator.fit("platt", rows, DAILY)
    assert few is not None and few.strayed == {}
    assert estimator.fit("platt", Judged(rows.days, rows.label * 0, rows.score, rows.decided), DAILY) is None


def test_a_training_keeps_it_where_it_is_declared_and_its_profile_is_as_ever_where_it_is_not() -> None:
    rows, _ = alarm_worlds.rows_of(World(60, False, 1), 146)
    day = alarm_worlds.day(139)
    profiles = {}
    for name, more in (("with", {"estimate": "platt"}), ("without", {})):
        use_case = alarm_worlds.declared(**more)
        past = backtest.train(use_case, rows, day, space.middles(use_case.model))
        profiles[name] = past.profile
    kept = profiles["with"].estimator
    assert kept is not None and kept.method == "platt"
    split = past.split
    assert (kept.days[0], kept.days[-1]) == (split.validation.first, split.holdout.last)
    # The days between validation and holdout have no rows, and are days all the same.
    assert kept.ordinary["log_loss"].rows.count(0) == (split.holdout.first - split.validation.last).days - 1
    measured = past.model.metrics["model"]
    assert np.average(kept.ordinary["log_loss"].values, weights=kept.ordinary["log_loss"].rows) == pytest.approx(
        measured["log_loss"], abs=0.05
    )
    assert Profile.from_json(profiles["with"].to_json()) == profiles["with"]
    assert "estimator" not in profiles["without"].to_json()
    as_ever = Profile.from_json(profiles["without"].to_json())
    assert as_ever == profiles["without"] and as_ever.features == profiles["with"].features
    # Calibrate watches the days after it as monitoring would, estimates among what is tested.
    use_case = alarm_worlds.declared(estimate="platt")
    watch = Watch.of(use_case, rows, replace(past, profile=profiles["with"]), 1, alarm_worlds.day(145))
    assert list(watch.evidence.seen.estimates["log_loss"]) == list(watch.days)
    last = watch.checks(use_case)[watch.days[-1]]
    assert {one.feature for one in last if one.kind == "estimate"} == {"log_loss", "roc_auc"}
    without = watch.checks(alarm_worlds.declared())[watch.days[-1]]
    assert not [one for one in without if one.kind == "estimate"]
