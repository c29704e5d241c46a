"""A server's time is divided among its runs without a rest, in proportion to what runs of each."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.metering import division

RUNS = st.dictionaries(st.text(max_size=3), st.floats(0, 1000), min_size=1, max_size=60)
SECONDS = st.floats(0, 1e7)


@given(SECONDS, RUNS)
def test_the_parts_are_the_whole(seconds: float, weights: dict[str, float]) -> None:
    parts = division.divided(seconds, weights)
    assert parts.keys() == weights.keys()
    assert math.isclose(math.fsum(parts.values()), seconds, rel_tol=1e-9, abs_tol=1e-6)
    assert all(part >= 0 for part in parts.values())


@given(SECONDS, RUNS)
def test_twice_the_weight_is_twice_the_part(seconds: float, weights: dict[str, float]) -> None:
    parts = division.divided(seconds, weights | {"one": 1.0, "two": 2.0})
    assert math.isclose(parts["two"], 2 * parts["one"], rel_tol=1e-9, abs_tol=1e-9)


@given(SECONDS, st.sets(st.text(max_size=3), min_size=1))
def test_runs_that_ask_for_nothing_share_evenly(seconds: float, runs: set[str]) -> None:
    parts = division.divided(seconds, dict.fromkeys(runs, 0.0))
    assert max(parts.values()) == min(parts.values()) == seconds / len(runs)


def test_without_runs_nobody_gets_anything() -> None:
    assert division.divided(3.0, {}) == {}


@pytest.mark.parametrize(
    ("operations", "weight"),
    [({}, 0), ({"a": None}, 1), ({"a": 4.0, "b": 1.0}, 5), ({"a": 0.0}, division.WAITING), ({"a": 0.0, "b": 2.0}, 2.1)],
)
def test_a_run_weighs_its_running_tasks_and_little_where_it_waits(
    operations: dict[str, float | None], weight: float
) -> None:
    assert division.weight(operations) == pytest.approx(weight)
