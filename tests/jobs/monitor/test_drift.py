import datetime as dt

import numpy as np
import pytest

from jobs.monitor import drift
from jobs.monitor.drift import Evidence
from jobs.monitor.performance import Matured
from lakehouse.evaluation.drift_profile import Distribution, Profile

DAY = dt.date(2024, 6, 10)
EVEN = Distribution(edges=(0.0,), shares=(0.5, 0.5, 0.0), ordinary_psi=0.0)
PROFILE = Profile(
    first_day=dt.date(2024, 1, 1),
    last_day=dt.date(2024, 5, 31),
    rows=1000,
    window_days=4,
    features={"warm": EVEN, "calm": EVEN},
    prediction=EVEN,
    metrics={"log_loss": 0.5},
)


def evidence(warm=(50, 50, 0), calm=(50, 50, 0), score=(50, 50, 0), days=4, matured=4, gap=0.0, loss=0.5) -> Evidence:
    past = [DAY - dt.timedelta(days=back) for back in range(days)]
    counted = {
        name: {day: np.array(bins) for day in past}
        for name, bins in {"warm": warm, "calm": calm, "score": score}.items()
    }
    scores = counted.pop("score")
    labelled = [DAY - dt.timedelta(days=back + 1) for back in range(matured)]
    return Evidence(3, PROFILE, counted, scores, {day: Matured(100, gap, loss) for day in labelled})


def found(use_case, made: Evidence) -> dict[str, drift.DriftCheck]:
    return {finding.feature: finding for finding in drift.checks_of_day(DAY, use_case, made)}


def test_an_ordinary_window_violates_nothing(use_case):
    assert not any(finding.violated for finding in found(use_case, evidence()).values())


def test_a_shifted_feature_violates_and_the_other_does_not(use_case):
    result = found(use_case, evidence(warm=(90, 10, 0)))
    assert result["warm"].violated and not result["calm"].violated
    by_hand = 0.4 * np.log(0.9 / 0.5) - 0.4 * np.log(0.1 / 0.5)
    assert result["warm"].value == pytest.approx(by_hand)


def test_a_feature_that_is_suddenly_null_violates(use_case):
    assert found(use_case, evidence(calm=(30, 30, 40)))["calm"].violated


def test_shifted_scores_violate(use_case):
    assert found(use_case, evidence(score=(90, 10, 0)))["score"].violated


@pytest.mark.parametrize(("days", "measured"), [(4, True), (3, True), (2, False), (0, False)])
def test_a_window_of_fewer_than_three_days_is_not_measured(use_case, days, measured):
    result = found(use_case, evidence(warm=(90, 10, 0), days=days))
    assert all((result[name].value is not None) is measured for name in ("warm", "calm", "score"))
    assert result["warm"].violated is measured
    if not measured:
        assert f"{days} of the 4 days to 2024-06-10" in str(result["warm"].reason)


@pytest.mark.parametrize("gap", [0.2, -0.2])
def test_scores_that_are_off_on_average_violate_whichever_way(use_case, gap):
    finding = found(use_case, evidence(gap=gap))["calibration"]
    assert (finding.value, finding.violated) == (0.2, True)
    assert ("too high" if gap > 0 else "too low") in str(finding.reason)


def test_a_loss_that_rose_beyond_the_limit_violates_and_a_smaller_one_never_does(use_case):
    assert found(use_case, evidence(loss=0.71))["log_loss"].violated
    assert not found(use_case, evidence(loss=0.69))["log_loss"].violated
    assert not found(use_case, evidence(loss=0.1))["log_loss"].violated


def test_without_matured_labels_quality_is_not_measured(use_case):
    result = found(use_case, evidence(matured=2, gap=0.5))
    assert result["calibration"].value is None and not result["calibration"].violated
    assert "have matured labels of version 3" in str(result["log_loss"].reason)


def test_what_the_use_case_does_not_watch_is_recorded_without_a_limit(use_case):
    unwatched = use_case.drift.model_copy(update={"max_calibration_gap": None, "max_loss_rise": None})
    result = found(use_case.model_copy(update={"drift": unwatched}), evidence(gap=0.9, loss=9.0))
    assert (result["calibration"].value, result["calibration"].limit) == (0.9, None)
    assert not result["calibration"].violated and not result["log_loss"].violated
