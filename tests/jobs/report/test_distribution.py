"""Bars of two distributions: by every kind of bin that a profile has."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from jobs.monitor import counts
from jobs.report import distribution
from lakehouse.declaration import Drift
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution
from lakehouse.evaluation.population_stability import psi

DAYS = 14


def column(dice: np.random.Generator, kind: str) -> np.ndarray:
    size = int(dice.integers(200, 2000))
    made = {
        "normal": lambda: dice.normal(dice.normal() * 100, 10 ** dice.uniform(-6, 6), size),
        "counts": lambda: dice.poisson(dice.uniform(0.2, 30), size).astype(float),
        "constant": lambda: np.full(size, float(dice.choice([0.0, 1.0, 0.1, -7.0, 1234567.0, 1e12]))),
        "two": lambda: dice.choice([0.0, 1.0], size),
        "close": lambda: 1e6 + dice.random(size) * 1e-3,
        "nothing": lambda: np.full(size, np.nan),
    }[kind]()
    made[dice.random(size) < dice.choice([0.0, 0.2])] = np.nan
    return made


@pytest.mark.parametrize("kind", ["normal", "counts", "constant", "two", "close", "nothing"])
@pytest.mark.parametrize("alarms", ["declared", "measured"])
@pytest.mark.parametrize("seed", range(6))
def test_each_bin_is_named_once_and_the_shares_are_all_rows(kind: str, alarms: str, seed: int) -> None:
    dice = np.random.default_rng(seed)
    values = column(dice, kind)
    day = dice.integers(0, DAYS, len(values))
    item = Distribution.of(values, day, DAYS, Drift(alarms=alarms))
    labels = distribution.bins(item.edges)
    assert len(labels) == item.width == len(set(labels)) and labels[-1] == distribution.MISSING
    now = counts.by_bin(column(dice, kind), item)
    drawn = distribution.of_column(item, np.asarray(item.shares), now)
    assert sum(bar["now"] for bar in drawn["bars"]) == pytest.approx(1)
    assert sum(bar["before"] for bar in drawn["bars"]) == pytest.approx(1)
    assert max(max(bar["widths"]) for bar in drawn["bars"]) == 100
    by_bars = psi(np.array([b["before"] for b in drawn["bars"]]), np.array([b["now"] for b in drawn["bars"]]))
    assert float(by_bars) == pytest.approx(item.psi(now), abs=1e-12)


@pytest.mark.parametrize("value", [1.0, 0.0, -3.0, 0.25, 1500.0])
def test_a_value_that_has_a_bin_of_its_own_is_named_by_it(value: float) -> None:
    day = np.arange(100) % DAYS
    shown = re.sub(r"\.0$", "", f"{value:,}")
    labels = distribution.bins(Distribution.of(np.full(100, value), day, DAYS, Drift()).edges)
    assert labels == [f"below {shown}", shown, f"above {shown}", "no value"]


def test_levels_are_named_by_frequency_and_beyond_sixteen_those_that_differ_most() -> None:
    dice = np.random.default_rng(3)
    names = [f"level {number:02}" for number in range(40)]
    texts = pd.Series([*dice.choice(names, 4000), "rare", None])
    item = CategoryDistribution.of(texts, np.arange(len(texts)) % DAYS, DAYS, Drift())
    labels = distribution.levels(item)
    assert labels[:40] == names and labels[40:] == ["rare levels (1)", "new levels", "no value"]
    now = np.round(np.asarray(item.shares) * 1000).astype(np.int64)
    now[7], now[item.new] = 900, 50
    drawn = distribution.of_column(item, np.asarray(item.shares), now)
    told = [bar["label"] for bar in drawn["bars"]]
    assert len(told) <= distribution.MOST_BARS + 1 and {"level 07", "new levels", "all other levels"} <= set(told)
    assert told[-1] == "no value"
    assert sum(bar["now"] for bar in drawn["bars"]) == pytest.approx(1)


def test_decided_classes_are_named_and_what_is_no_class_any_more_too() -> None:
    before = np.array([0.5, 0.3, 0.2, 0.0])
    drawn = distribution.of_classes(["cat", "dog", "<b>"], before, np.array([1, 1, 1, 1]))
    assert [(bar["label"], bar["before"], bar["now"]) for bar in drawn["bars"]] == [
        ("cat", 0.5, 0.25),
        ("dog", 0.3, 0.25),
        ("<b>", 0.2, 0.25),
        ("no class any more", 0.0, 0.25),
    ]
