import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from lakehouse.declaration import Drift, Rhythm
from lakehouse.evaluation.drift_profile import Distribution, Profile, reference_sample
from lakehouse.evaluation.population_stability import SMALLEST_SHARE, psi

FIRST = dt.date(2024, 1, 1)


def distribution(values: list[float], bins: int = 4) -> Distribution:
    return Distribution.of(np.array(values, dtype=float), np.zeros(len(values), dtype=int), 1, Drift(bins=bins))


def days_of(frame_days: int, rows_a_day: int) -> np.ndarray:
    return np.repeat([FIRST + dt.timedelta(days=day) for day in range(frame_days)], rows_a_day)


def test_psi_of_two_bins_is_what_the_formula_gives_by_hand():
    # (0.7 - 0.5) ln(0.7 / 0.5) + (0.3 - 0.5) ln(0.3 / 0.5) = 0.2 * 0.336472 + 0.2 * 0.510826
    assert psi(np.array([0.5, 0.5]), np.array([0.7, 0.3])) == pytest.approx(0.1694596, abs=1e-7)


def test_psi_of_equal_distributions_is_zero_also_with_an_empty_bin():
    assert psi(np.array([0.25, 0.75, 0.0]), np.array([0.25, 0.75, 0.0])) == 0


def test_psi_does_not_depend_on_which_of_the_two_came_first():
    one, other = np.array([0.1, 0.2, 0.7]), np.array([0.3, 0.3, 0.4])
    assert psi(one, other) == pytest.approx(psi(other, one))


def test_a_bin_that_was_empty_in_training_gives_a_large_but_finite_psi():
    by_hand = (0.1 - SMALLEST_SHARE) * math.log(0.1 / SMALLEST_SHARE) + (0.9 - 1.0) * math.log(0.9)
    assert psi(np.array([1.0, 0.0]), np.array([0.9, 0.1])) == pytest.approx(by_hand)


def test_edges_are_inner_quantiles_and_a_value_on_an_edge_belongs_below_it():
    found = distribution([1, 2, 3, 4, 5, 6, 7, 8], bins=4)
    assert found.edges == (2.0, 4.0, 6.0)
    assert list(found.bins(np.array([-9, 2, 2.5, 6, 99, np.nan]))) == [0, 0, 1, 2, 3, 4]
    assert found.shares == (0.25, 0.25, 0.25, 0.25, 0.0)


def test_a_feature_of_two_values_gets_two_bins_whichever_value_is_rare():
    assert distribution([0.0] * 99 + [1.0]).shares == pytest.approx((0.99, 0.01, 0.0))
    assert distribution([1.0] * 99 + [0.0]).shares == pytest.approx((0.01, 0.99, 0.0))


def test_a_constant_feature_tells_values_below_and_above_it_apart():
    found = distribution([5.0] * 10)
    assert found.shares == (0.0, 1.0, 0.0, 0.0)
    assert list(found.bins(np.array([4.999, 5.0, 5.001]))) == [0, 1, 2]


def test_nulls_are_a_bin_of_their_own_and_a_feature_without_values_is_one_bin_of_nulls():
    assert distribution([1.0, 2.0, np.nan, np.nan]).shares[-1] == 0.5
    assert distribution([np.nan, np.nan]).shares == (0.0, 1.0)


def test_the_ordinary_psi_is_the_declared_quantile_over_every_whole_window():
    # Ten days of 0 and 1 in equal parts, but the last day is all 1. Windows of 9 days: days 0-8 and 1-9.
    values = np.tile([0.0, 1.0], 10)
    values[-2:] = 1.0
    day = np.repeat(np.arange(10), 2)
    found = Distribution.of(values, day, 10, Drift(window_days=9, bins=3, ordinary_quantile=1.0))
    whole = np.array([9 / 20, 11 / 20])
    by_hand = max(psi(whole, np.array([9 / 18, 9 / 18])), psi(whole, np.array([8 / 18, 10 / 18])))
    assert found.ordinary_psi == pytest.approx(by_hand)


def test_training_that_is_shorter_than_a_window_has_no_ordinary_psi():
    found = Distribution.of(np.arange(12.0), np.repeat(np.arange(3), 4), 3, Drift(window_days=7))
    assert found.ordinary_psi is None


def test_days_without_rows_are_counted_as_days_of_a_window():
    day = np.array([0] * 10 + [9] * 10)
    found = Distribution.of(np.array([0.0] * 10 + [1.0] * 10), day, 10, Drift(window_days=7, ordinary_quantile=1.0))
    # Every window of seven days that is not empty holds one of the two days alone.
    assert found.ordinary_psi == pytest.approx(float(psi(np.array([0.5, 0.5]), np.array([1.0, 0.0]))))


@pytest.fixture
def profile() -> Profile:
    random = np.random.default_rng(7)
    days = days_of(30, 40)
    frame = pd.DataFrame({"partition": days, "calm": random.normal(size=1200), "flag": random.integers(0, 2, 1200)})
    frame.loc[::5, "calm"] = np.nan
    scores = pd.DataFrame({"partition": days[-400:], "score": random.random(400)})
    return Profile.of(frame, scores, {"log_loss": 0.5, "roc_auc": None}, Drift(window_days=7, bins=5))


def test_a_profile_survives_json_unchanged(profile):
    assert Profile.from_json(profile.to_json()) == profile


# As the release before pydantic wrote it.
OLDER = """{"first_day": "2024-05-16", "last_day": "2024-05-23", "rows": 25000, "window_days": 7, "features": {
"a": {"edges": [-1.2867229868050487, 0.26097428049540233], "shares": [0.09008, 0.81072, 0.0992],
  "ordinary_psi": 0.003438136952530378},
"b": {"edges": [1e-07, 2], "shares": [0.5, 0.25, 0.25, 0], "ordinary_psi": null}},
"prediction": {"edges": [], "shares": [1.0, 0.0], "ordinary_psi": 0.021357447610852377},
"metrics": {"log_loss": 0.402384488835992, "roc_auc": null}}"""


def test_a_profile_of_an_older_release_is_read_to_the_last_digit():
    read = Profile.from_json(OLDER)
    assert (read.first_day, read.last_day, read.rows, read.window_days) == (
        dt.date(2024, 5, 16),
        dt.date(2024, 5, 23),
        25_000,
        7,
    )
    assert dict(read.features) == {
        "a": Distribution((-1.2867229868050487, 0.26097428049540233), (0.09008, 0.81072, 0.0992), 0.003438136952530378),
        "b": Distribution((1e-07, 2.0), (0.5, 0.25, 0.25, 0.0), None),
    }
    assert read.prediction == Distribution((), (1.0, 0.0), 0.021357447610852377)
    assert read.metrics == {"log_loss": 0.402384488835992, "roc_auc": None}
    assert json.loads(read.to_json()) == json.loads(OLDER)


def test_what_is_no_number_never_gets_into_a_profile():
    with pytest.raises(ValidationError, match="finite number"):
        Distribution((0.0, math.nan), (0.5, 0.5, 0.0), None)


def test_a_profile_says_which_rows_it_was_measured_on(profile):
    assert (profile.first_day, profile.last_day, profile.rows) == (FIRST, FIRST + dt.timedelta(days=29), 1200)
    assert list(profile.features) == ["calm", "flag"]
    assert profile.metrics == {"log_loss": 0.5, "roc_auc": None}


def test_an_ordinary_week_stays_below_a_usual_limit_and_a_shifted_one_does_not(profile):
    random = np.random.default_rng(8)
    calm = profile.features["calm"]
    width = len(calm.shares)
    ordinary = np.where(random.random(2000) < 0.2, np.nan, random.normal(size=2000))
    assert calm.psi(np.bincount(calm.bins(ordinary), minlength=width)) < 0.05
    assert calm.psi(np.bincount(calm.bins(ordinary + 1), minlength=width)) > 0.2


def test_the_reference_sample_is_the_same_each_time_and_no_larger_than_asked():
    frame = pd.DataFrame({"partition": days_of(10, 30), "score": np.arange(300.0)})
    sample = reference_sample(frame, rows=50)
    assert len(sample) == 50 and sample["score"].is_monotonic_increasing
    pd.testing.assert_frame_equal(sample, reference_sample(frame, rows=50))
    assert len(reference_sample(frame)) == 300


def test_windows_of_mondays_are_what_windows_of_days_are_where_every_day_is_scored():
    dice = np.random.default_rng(1)
    values, scores = dice.normal(size=400) + np.repeat(np.arange(40) % 5, 10), dice.random(400)
    mondays = Rhythm.model_validate({"weekly": ["monday"]})
    made = []
    for days, rhythm in (([FIRST + dt.timedelta(days=7 * n) for n in range(40)], mondays), (days_of(40, 1), Rhythm())):
        days = np.repeat(days, 10)
        # Two Mondays have no rows: they count as days all the same.
        kept = (np.arange(400) < 100) | (np.arange(400) >= 120)
        frame = pd.DataFrame({"partition": days, "x": values})[kept]
        prediction = pd.DataFrame({"partition": days, "score": scores})[kept]
        made.append(Profile.of(frame, prediction, {"rmse": 1.0}, Drift(window_days=3), rhythm))
    assert made[0].features == made[1].features and made[0].prediction == made[1].prediction
    assert made[0].features["x"].ordinary_psi > 0
    assert (made[0].first_day, made[0].last_day) == (FIRST, FIRST + dt.timedelta(days=7 * 39))
