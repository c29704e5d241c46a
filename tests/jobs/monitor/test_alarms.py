"""Alarms with a known error rate, on drawn days: what is ordinary stays quiet, and what happens is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from jobs.monitor.alarms import checks, shapes, weekdays
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.shapes import Shape
from jobs.monitor.alarms.shares import Shares
from lakehouse.declaration import Drift, UseCase
from lakehouse.evaluation import beyond_training, packed_numbers
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.population_stability import psi
from tests.bench import alarm_nights, alarm_worlds
from tests.bench.alarm_nights import Night
from tests.bench.alarm_worlds import CHANGES, OTHERS, Change, World

pytestmark = pytest.mark.quick
DAYS = 98
WEEKDAY = np.arange(DAYS) % 7


def test_chi_square_is_scipys_on_the_same_bins() -> None:
    dice = np.random.default_rng(1)
    for _ in range(50):
        bins = int(dice.integers(2, 20))
        shares = dice.dirichlet(np.ones(bins) * 3)
        counts = dice.multinomial(int(dice.integers(50, 5000)), dice.dirichlet(np.ones(bins) * 3))
        expected = stats.chisquare(counts, counts.sum() * shares)
        assert shapes.chi_square(counts.astype(float), shares) == pytest.approx(expected.statistic, abs=1e-6)


def test_psi_is_the_symmetrised_entropy_of_scipy_on_the_same_bins() -> None:
    dice = np.random.default_rng(2)
    for _ in range(50):
        bins = int(dice.integers(2, 20))
        # Without an empty bin: what a share of 0 counts as is a choice of its own.
        before, now = dice.dirichlet(np.ones(bins) * 5), dice.dirichlet(np.ones(bins) * 5)
        if min(before.min(), now.min()) < 1e-4:
            continue
        assert float(psi(before, now)) == pytest.approx(
            stats.entropy(now, before) + stats.entropy(before, now), abs=1e-6
        )


def means(rows: float, between: float, seed: int, season: float = 0.0) -> tuple[Means, np.random.Generator]:
    """One series of normal values with days that differ by ``between`` and weekends that are ``season`` higher."""
    dice = np.random.default_rng(seed)
    daily, its_rows = draw(dice, DAYS, rows, between, season)
    return Means.of(its_rows, daily, np.ones(1), WEEKDAY), dice


def draw(
    dice: np.random.Generator, days: int, rows: float, between: float, season: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    count = np.maximum(dice.poisson(rows, size=(1, days)), 1).astype(float)
    daily = between * dice.normal(size=(1, days)) + dice.normal(size=(1, days)) / np.sqrt(count)
    return daily + season * (np.arange(days) % 7 >= 5), count


@pytest.mark.parametrize("rows", [6, 600])
@pytest.mark.parametrize("between", [0.0, 0.3])
@pytest.mark.parametrize("length", [2, 3, 7])
def test_ordinary_windows_are_as_seldom_as_their_chance_says(rows: int, between: float, length: int) -> None:
    beyond, seen = 0, 0
    for seed in range(60):
        made, dice = means(rows, between, seed, season=0.5)
        for _ in range(10):
            daily, its_rows = draw(dice, 14, rows, between, season=0.5)
            window = slice(14 - length, 14)
            moved = made.moved(its_rows[:, window], daily[:, window], WEEKDAY[:14][window])
            beyond, seen = beyond + int(moved.chance[0] < 0.01), seen + 1
    # Ten windows share a training, so that they are no 600 independent draws.
    assert beyond / seen <= 0.025


def test_a_shift_is_beyond_chance_where_rows_are_many_and_days_alike_and_not_where_days_differ() -> None:
    shifted = np.full((1, 3), 0.5), np.full((1, 3), 600.0), WEEKDAY[:3]
    alike, _ = means(600, 0.0, 1)
    differing, _ = means(600, 0.5, 1)
    few, _ = means(6, 0.0, 1)
    chances = [made.moved(shifted[1], shifted[0], shifted[2]).chance[0] for made in (alike, differing)]
    chances.append(few.moved(np.full((1, 3), 6.0), shifted[0], shifted[2]).chance[0])
    assert chances[0] < 1e-12 and chances[1] > 1e-3 and chances[2] > 1e-3


def test_one_day_alone_never_moves_a_window() -> None:
    made, dice = means(600, 0.0, 3)
    daily, rows = draw(dice, 7, 600, 0.0)
    daily[0, 4] += 5.0
    assert made.moved(rows, daily, WEEKDAY[:7]).chance[0] > 1e-4
    daily[0, 5] += 5.0
    assert made.moved(rows, daily, WEEKDAY[:7]).chance[0] < 1e-9


def test_a_share_of_few_rows_is_as_seldom_as_the_binomial_says() -> None:
    dice = np.random.default_rng(4)
    rows = np.full((1, DAYS), 6.0)
    made = Shares.of(dice.binomial(6, 0.02, size=(1, DAYS)).astype(float), rows, WEEKDAY)
    beyond = 0
    for _ in range(3000):
        hits = dice.binomial(6, 0.02, size=(1, 3)).astype(float)
        moved = made.moved(hits, np.full((1, 3), 6.0), WEEKDAY[:3], True, "more")
        beyond += int(moved.chance[0] < 0.001)
    assert beyond <= 9
    gone = made.moved(np.full((1, 3), 4.0), np.full((1, 3), 6.0), WEEKDAY[:3], True, "more")
    assert gone.chance[0] < 1e-6


def test_rows_that_come_and_go_together_count_as_few() -> None:
    dice = np.random.default_rng(5)
    rows = np.full((1, DAYS), 500.0)
    # On one day in ten all values are gone.
    hits = np.where(dice.random((1, DAYS)) < 0.1, 500.0, 0.0)
    made = Shares.of(hits, rows, WEEKDAY)
    one_day = made.moved(np.array([[500.0]]), np.array([[500.0]]), WEEKDAY[:1], False, "more")
    assert one_day.chance[0] > 0.01
    independent = Shares.of(np.full((1, DAYS), 50.0), rows, WEEKDAY)
    assert independent.moved(np.array([[500.0]]), np.array([[500.0]]), WEEKDAY[:1], False, "more").chance[0] < 1e-12


def test_a_week_of_one_value_a_day_is_no_draw_of_its_rows() -> None:
    dice = np.random.default_rng(6)
    # A value a day, and 300 rows that have it.
    counts = np.zeros((DAYS, 10), dtype=np.int64)
    counts[np.arange(DAYS), dice.integers(10, size=DAYS)] = 300
    weather = Shape.of(counts, 7)
    assert weather is not None
    window = np.zeros((7, 10), dtype=np.int64)
    window[np.arange(7), [1, 1, 2, 5, 6, 8, 8]] = 300
    assert weather.measured(window)[1] > 0.01
    independent = Shape.of(dice.multinomial(300, np.full(10, 0.1), size=DAYS), 7)
    assert independent is not None and independent.measured(window)[1] < 1e-9


def test_weekdays_are_matched_where_each_has_enough_days() -> None:
    present = np.ones(DAYS, dtype=bool)
    assert weekdays.groups(WEEKDAY, present).tolist() == list(range(7))
    # Two weekdays are scored.
    twice = np.isin(WEEKDAY, (0, 3))
    assert weekdays.groups(WEEKDAY, twice).tolist() == [0, 0, 0, 1, 0, 0, 0]
    # Three weeks are too few.
    assert set(weekdays.groups(WEEKDAY[:21], present[:21]).tolist()) == {0}


def test_rows_beyond_training_are_those_that_other_weeks_do_not_have() -> None:
    dice = np.random.default_rng(7)
    day = np.repeat(np.arange(28), 20)
    values = dice.normal(size=len(day))
    values[dice.random(len(day)) < 0.1] = np.nan
    found = beyond_training.of_numbers(values, day, day // 7, 28)
    for week in range(4):
        its, others = values[day // 7 == week], values[day // 7 != week]
        outside = (its < np.nanmin(others)) | (its > np.nanmax(others))
        assert found[week * 7 : week * 7 + 7].sum() == outside.sum()
    levels = np.where(day < 3, 5.0, day % 3)
    assert beyond_training.of_levels(levels, day, day // 7, 28).tolist() == [20] * 3 + [0] * 25


def test_packed_numbers_come_back() -> None:
    numbers = np.random.default_rng(8).integers(0, 2**31 - 1, size=(3, 4, 5))
    assert np.array_equal(packed_numbers.unpack(packed_numbers.pack(numbers), (3, 4, -1)), numbers)
    assert packed_numbers.unpack(packed_numbers.pack(np.zeros((0, 4, 5), dtype=np.int64)), (0, 4, 5)).shape == (0, 4, 5)


def nights(
    change: Change | None, rows: int, days: int, use_case: UseCase | None = None, **world: object
) -> list[Night]:
    made = World(rows, True, 11, change, 3, **world)  # type: ignore[arg-type]
    return alarm_worlds.stage(made, days).nights(use_case or alarm_worlds.declared())


@pytest.mark.parametrize("change", [*CHANGES[:7], OTHERS[0]], ids=lambda change: change.name)
def test_what_happens_is_seen_within_days_and_named(change: Change) -> None:
    # A label matures after a day.
    latest = 3 + 1 + 3 if change.needs_labels else 3 + 2
    found = nights(change, 600, latest + 1)
    assert not any(night.violated for night in found[:3])
    assert any(night.violated for night in found[3:])
    if change.column:
        named = [one for night in found[3:] for one in night.checks if one.violated]
        assert any(
            one.feature == change.column and (not change.region or vars(one)["slice_value"] == change.region)
            for one in named
        )


def test_ordinary_days_a_holiday_and_a_missing_day_are_quiet() -> None:
    found = nights(None, 60, 40, holiday=12, gap=25)
    assert len(found) == 39
    assert not any(night.violated or night.retrain for night in found)


@pytest.mark.parametrize("rows", [60, 600])
def test_rows_that_never_get_a_label_are_ordinary_rows(rows: int) -> None:
    """One in twenty has no label and no value in a column: compared with labelled rows alone, every night were violated."""
    stage = alarm_worlds.stage(World(rows, True, 11, cancelled=0.05), 15)
    found = stage.nights(alarm_worlds.declared())
    assert not any(night.violated or night.retrain for night in found)
    without = stage.compared_with_labelled().nights(alarm_worlds.declared())
    assert sum(night.violated for night in without) >= 13
    # Values that are gone are for a delivery to bring.
    assert not any(night.retrain for night in without)
    assert {one.statistic for night in without for one in night.checks if one.violated} >= {"missing"}


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2], OTHERS[2]], ids=lambda change: change.name)
def test_what_happens_is_seen_among_rows_that_never_get_a_label(change: Change) -> None:
    found = nights(change, 600, 6, cancelled=0.05)
    assert not any(night.violated for night in found[:3]) and any(night.violated for night in found[3:])
    named = [one for night in found[3:] for one in night.checks if one.violated]
    assert any(one.feature == change.column for one in named)


def test_nights_are_compared_with_whole_days_where_a_part_of_training_was_read() -> None:
    use_case, stage = alarm_worlds.declared(), alarm_worlds.stage(World(60, True, 11), 10)
    part = stage.learned.where(np.random.default_rng(1).random(len(stage.learned)) < 0.3)
    profile = alarm_nights.profile_of(use_case, part, stage.scored, stage.scored_score)
    assert profile.history is not None
    whole = np.array([(stage.learned.days == np.datetime64(day)).sum() for day in profile.history.days])
    known = replace(profile, history=replace(profile.history, rows=packed_numbers.pack(whole)))
    violated = list[set[str]]()
    for one in (profile, known):
        evidence = alarm_nights.evidence_of(use_case, one, stage.watched, stage.watched_score)
        found = alarm_nights.nights(use_case, evidence, stage.days, stage.days[0])
        violated.append({check.statistic for night in found for check in night.checks if check.violated})
    assert violated == [{"volume"}, set()]


def test_without_slices_the_whole_is_watched() -> None:
    whole = alarm_worlds.stage(World(600, True, 11, CHANGES[0], 3), 6)
    parts = {name: replace(getattr(whole, name), slices={}) for name in ("learned", "scored", "watched")}
    found = replace(whole, **parts).nights(alarm_worlds.declared())
    assert not any(night.violated for night in found[:3]) and any(night.violated for night in found[3:])
    assert {getattr(one, "slice_value", "all") for night in found for one in night.checks} == {"all"}


def test_a_verdict_says_what_where_since_when_how_sure_and_what_to_do() -> None:
    found = nights(CHANGES[1], 600, 9)[-1]
    said = "; ".join(checks.verdict(found.checks).reasons)
    assert "plain where region is south" in said and "standard deviations higher" in said
    assert "by chance" in said and "look at its source first" in said
    one = vars(next(one for one in found.checks if one.violated and vars(one)["slice_value"] == "south"))
    assert abs((one["since"] - alarm_worlds.day(alarm_worlds.LEARNED + alarm_worlds.SCORED + 1 + 3)).days) <= 1
    assert one["once_in_days"] > 1000 and one["chance"] < 1e-6 and one["value"] == pytest.approx(0.48, abs=0.25)


def test_a_version_that_was_trained_before_is_judged_by_declared_limits() -> None:
    stage = alarm_worlds.stage(World(60, False, 1), 10)
    declared = alarm_worlds.declared(alarms="declared")
    statistics = {one.statistic for night in stage.nights(declared) for one in night.checks}
    assert statistics == {"psi", "calibration_gap", "loss_rise", "rows"}


def test_the_declaration_keeps_its_digest() -> None:
    later = {"alarms", "false_alarm_days", "estimate", "known_events"}
    assert set(Drift().model_dump()) == set(Drift.model_fields) - later
    assert Drift(alarms="measured").model_dump()["alarms"] == "measured"
    assert Drift(alarms="measured").measured and not Drift().measured


def test_levels_of_a_category_are_counted_in_the_same_bins_as_a_plain_count() -> None:
    import pandas as pd
    import pyarrow as pa

    dice = np.random.default_rng(9)
    before, now = dice.choice(list("abc"), size=500, p=[0.5, 0.3, 0.2]), dice.choice(list("abc"), size=300)
    item = CategoryDistribution.of(pd.Series(before, dtype=object), np.zeros(500, dtype=np.int64), 1, Drift())
    counted = item.counted(pa.chunked_array([pa.array(now)]))
    shares = [np.array([(values == level).mean() for level in "abc"]) for values in (before, now)]
    expected = stats.entropy(shares[0], shares[1]) + stats.entropy(shares[1], shares[0])
    assert item.psi(counted) == pytest.approx(expected, abs=1e-6)
    assert dt.date(2024, 1, 1) == alarm_worlds.START
