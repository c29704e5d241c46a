import datetime as dt

import pytest

from jobs.monitor import verdict
from jobs.monitor.verdict import DriftCheck
from lakehouse.declaration import Drift, Rhythm

DAY = dt.date(2024, 6, 10)


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def feature(name: str, psi: float, limit: float = 0.2) -> DriftCheck:
    return verdict.check("feature", name, "psi", psi, limit, f"PSI of {name} {psi}")


@pytest.mark.parametrize(
    ("value", "limit", "violated"),
    [(0.19, 0.2, False), (0.2, 0.2, False), (0.21, 0.2, True), (9.0, None, False)],
)
def test_a_statistic_violates_its_limit_only_beyond_it(value, limit, violated):
    assert verdict.check("prediction", "score", "psi", value, limit, "PSI").violated is violated


def test_what_could_not_be_measured_is_no_violation_and_says_why():
    found = verdict.unmeasured("prediction", "score", "psi", 0.2, "2 of the 7 days have rows")
    assert (found.value, found.violated, found.reason) == (None, False, "not measured: 2 of the 7 days have rows")


@pytest.mark.parametrize(
    ("ordinary", "limit"),
    [(None, 0.2), (0.1, 0.2), (0.3, 0.45)],
    ids=["floor without ordinary weeks", "floor for a calm feature", "more for a restless one"],
)
def test_a_feature_is_judged_by_the_floor_or_by_its_own_ordinary_weeks(ordinary, limit):
    assert verdict.feature_limit(ordinary, Drift(feature_psi_floor=0.2, feature_psi_factor=1.5)) == pytest.approx(limit)


def test_a_day_is_in_order_while_the_share_of_drifted_features_is_within_the_limit():
    found = [feature("a", 0.5), feature("b", 0.1), feature("c", 0.1), feature("d", 0.1)]
    result = verdict.day_verdict(found, Drift(max_drifted_share=0.25))
    assert not result.violated
    assert result.reasons == ("1 of 4 features drifted (25%, limit 25%), most of all a (PSI 0.50)",)


def test_too_many_drifted_features_violate_and_the_worst_is_named_first():
    found = [feature("a", 0.5), feature("b", 0.9), feature("c", 0.1), feature("d", 0.1)]
    result = verdict.day_verdict(found, Drift(max_drifted_share=0.3))
    assert result.violated
    assert result.reasons == ("2 of 4 features drifted (50%, limit 30%), most of all b (PSI 0.90), a (PSI 0.50)",)


def test_features_that_were_not_measured_do_not_count_in_the_share():
    found = [feature("a", 0.5), verdict.unmeasured("feature", "b", "psi", 0.2, "no rows")]
    assert verdict.day_verdict(found, Drift(max_drifted_share=0.6)).violated


@pytest.mark.parametrize("kind", ["prediction", "performance"])
def test_the_scores_or_their_quality_alone_violate_a_day(kind):
    found = [feature("a", 0.1), verdict.check(kind, "score", "psi", 0.31, 0.25, "PSI of the scores 0.31")]
    result = verdict.day_verdict(found, Drift())
    assert (result.violated, result.reasons) == (True, ("PSI of the scores 0.31 (limit 0.25)",))


DRIFT = Drift(violated_days=3, of_days=5, cooldown_days=7)


@pytest.mark.parametrize(
    ("bad", "champion", "trained", "retrain"),
    [
        ([0, 1, 2], 30, [30], True),
        ([0, 2, 4], 30, [30], True),
        ([1, 2, 3], 30, [30], True),
        ([0, 1], 30, [30], False),
        ([0, 1, 5], 30, [30], False),
        ([0, 1, 2], 7, [7], True),
        ([0, 1, 2], 6, [6], False),
        ([0, 1, 2], 30, [30, 2], False),
        ([0, 1, 2], 30, [30, 0], True),
        ([0, 1, 2], 0, [30, 0], False),
        ([0, 1, 2], -3, [30, -3], False),
        ([0, 1, 2], 30, [30, -3], False),
        ([0, 1, 2], None, [], True),
    ],
    ids=[
        "three of five",
        "with gaps",
        "the day itself in order",
        "too few",
        "one lies outside of the five",
        "cool-down just over",
        "cooling down",
        "cooling down after a challenger that was held",
        "trained for this day and not yet promoted: the same answer again",
        "champion trained for this day",
        "champion trained for a later day",
        "challenger trained for a later day",
        "training day not known",
    ],
)
def test_retraining_is_asked_for_by_n_of_m_violated_days_outside_of_the_cool_down(bad, champion, trained, retrain):
    violated = {ago(back): back in bad for back in range(8)}
    champion_trained_for = None if champion is None else ago(champion)
    found = verdict.retraining(DAY, violated, DRIFT, champion_trained_for, [ago(back) for back in trained])
    assert found.retrain is retrain
    assert found.reasons


def test_the_reasons_for_retraining_name_the_days():
    violated = {ago(back): True for back in range(3)}
    reason = verdict.retraining(DAY, violated, DRIFT, None, []).reasons[0]
    assert reason == "3 of the last 5 days violated (2024-06-08, 2024-06-09, 2024-06-10), 3 ask for retraining"


def decided(*, running=(), lost=(), made=(30,), bad=(0, 1, 2), drift=DRIFT):
    violated = {ago(back): back in bad for back in range(8)}
    words = {ago(back): "was asked for and may be running until noon" for back in running}
    vain = {ago(back): "failed at noon (TrainingDataMissing: too few rows)" for back in lost}
    return verdict.retraining(DAY, violated, drift, ago(30), [ago(back) for back in made], words, vain)


def test_a_training_that_was_asked_for_in_vain_is_asked_for_again_and_the_reason_says_so():
    found = decided(lost=[1])
    assert found.retrain
    assert found.reasons[1] == (
        "the training asked for 2024-06-09 failed at noon (TrainingDataMissing: too few rows), so it is asked for again"
    )


@pytest.mark.parametrize("cooldown", [0, 7])
def test_while_a_training_that_was_asked_for_may_be_running_no_other_is_asked_for(cooldown):
    found = decided(running=[1], lost=[3], drift=DRIFT.model_copy(update={"cooldown_days": cooldown}))
    assert not found.retrain
    assert found.reasons == (
        "3 of the last 5 days violated, but a training for 2024-06-09 was asked for and may be running until noon",
    )


def test_the_day_that_asked_gives_the_same_answer_while_its_training_runs_and_when_it_has_failed():
    assert decided(running=[0]).retrain and decided(lost=[0]).retrain
    assert decided(lost=[0]).reasons == decided().reasons


def test_a_request_in_vain_for_a_later_day_is_left_to_that_day():
    assert decided(lost=[-2]).reasons == ("a training was made or asked for 2024-06-12 already, after this day",)


def test_the_cool_down_counts_from_a_training_that_was_made_whatever_was_asked_for_in_vain_before_or_since():
    assert not decided(lost=[4], made=[30, 3]).retrain
    found = decided(lost=[4, 2], made=[30, 3])
    assert not found.retrain and found.reasons[0].endswith(
        "but the last training was made for 2024-06-07: cooling down for 7 days"
    )


def test_too_few_violated_days_ask_for_nothing_also_after_a_training_in_vain():
    assert not decided(lost=[1], bad=[0, 1]).retrain


def test_where_mondays_alone_are_scored_the_last_mondays_count():
    mondays = Rhythm.model_validate({"weekly": ["monday"]}).newest(DAY, 3)
    drift = Drift(violated_days=2, of_days=3, cooldown_days=14)
    violated = {mondays[0]: True, mondays[-1]: True}
    assert not verdict.retraining(DAY, violated, drift, None, []).retrain
    found = verdict.retraining(DAY, violated, drift, None, [], recent=mondays)
    assert found.retrain
    assert found.reasons == ("2 of the last 3 scored days violated (2024-05-27, 2024-06-10), 2 ask for retraining",)
    # The cool-down is in days.
    assert not verdict.retraining(DAY, violated, drift, None, [ago(13)], recent=mondays).retrain
    assert verdict.retraining(DAY, violated, drift, None, [ago(14)], recent=mondays).retrain
