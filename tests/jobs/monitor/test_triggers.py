"""The triggers of a retraining, each by itself and together, on drawn histories too."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.monitor import retraining, triggers, verdict
from jobs.monitor.alarms.passing import passing
from jobs.monitor.triggers import Known, RetrainingDecision
from lakehouse.declaration import Drift, Retrain

DAY = dt.date(2024, 6, 10)
DRIFT = Drift(violated_days=3, of_days=5, cooldown_days=7)
BOTH = frozenset({"drift", "performance"})


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def known(
    bad: dict[int, frozenset[str]] | None = None, made: tuple[int, ...] = (30,), labels: int | None = None, **more: Any
) -> Known:
    violated = {ago(back): (bad or {}).get(back, frozenset()) for back in range(8)}
    return Known(
        violated=violated,
        champion_trained_for=ago(max(made, default=0)) if made else None,
        trained_for=[ago(back) for back in made],
        new_labels=labels,
        **more,
    )


def decided(declared: dict[str, Any], state: Known) -> RetrainingDecision:
    return triggers.decide(DAY, Retrain.model_validate(declared), DRIFT, state)


def drifted(*days: int, kind: str = "drift") -> dict[int, frozenset[str]]:
    return {back: frozenset({kind}) for back in days}


@pytest.mark.parametrize(
    ("counts", "kinds", "asks"),
    [
        (["drift"], ["drift"] * 3, ["drift"]),
        (["performance"], ["drift"] * 3, []),
        (["performance"], ["performance"] * 3, ["performance"]),
        (["drift"], ["performance"] * 3, []),
        (["drift", "performance"], ["drift", "performance", "drift"], ["drift", "performance"]),
        (["drift"], ["drift", "performance", "drift"], []),
        ([], ["drift"] * 3, []),
    ],
)
def test_violations_count_for_what_is_declared(counts: list[str], kinds: list[str], asks: list[str]) -> None:
    bad = {back: frozenset({kind}) for back, kind in enumerate(kinds)}
    found = decided({"triggers": counts}, known(bad))
    assert (found.retrain, list(found.triggers)) == (bool(asks), asks)
    assert found.reasons


def test_the_reason_says_by_what_and_the_evidence_has_the_days() -> None:
    found = decided({"triggers": ["performance"]}, known(drifted(0, 1, 2, kind="performance")))
    assert found.reasons == (
        "3 of the last 5 days violated by performance (2024-06-08, 2024-06-09, 2024-06-10), 3 ask for retraining",
    )
    days = ["2024-06-08", "2024-06-09", "2024-06-10"]
    assert found.triggers == {"performance": {"of_days": 5, "asks_from": 3, "violated_days": days}}


@pytest.mark.parametrize(
    ("made", "asks"), [((28,), True), ((29, 40), True), ((27,), False), ((40, 2), False), ((), False)]
)
def test_the_schedule_counts_from_the_last_training_whatever_became_of_it(made: tuple[int, ...], asks: bool) -> None:
    found = decided({"every_days": 28}, known(made=made))
    assert found.retrain is asks
    if asks:
        numbers = {"days": made[0], "asks_from": 28, "last_training": ago(made[0]).isoformat()}
        assert found.triggers == {"schedule": numbers}
        assert found.reasons == (f"{made[0]} days since the training for {ago(made[0])}, 28 ask for retraining",)


@pytest.mark.parametrize(("labels", "asks"), [(20_000, True), (19_999, False), (None, False)])
def test_new_labels_ask_from_the_declared_number_on(labels: int | None, asks: bool) -> None:
    found = decided({"new_labels": 20_000}, known(labels=labels))
    assert found.retrain is asks
    assert found.triggers == ({"new labels": {"labels": 20_000, "asks_from": 20_000}} if asks else {})


def test_all_that_ask_are_named_and_all_that_do_not_when_none_does() -> None:
    declared = {"every_days": 14, "new_labels": 100}
    found = decided(declared, known(drifted(0, 1, 2), made=(20,), labels=500))
    assert list(found.triggers) == ["drift", "schedule", "new labels"] and len(found.reasons) == 3
    none = decided(declared, known(made=(10,), labels=3))
    assert none.reasons == (
        "0 of the last 5 days violated, 3 ask for retraining",
        "10 days since the training for 2024-05-31, 14 ask for retraining",
        "3 new labels since the last training, 100 ask for retraining",
    )


def test_without_any_trigger_the_reason_says_so() -> None:
    assert decided({"triggers": []}, known(drifted(0, 1, 2))).reasons == ("no trigger is declared",)


@pytest.mark.parametrize(
    ("made", "waits"),
    [((8, 15, 22, 29), True), ((8, 15, 22, 30), False), ((8, 15, 22), False), ((8, 15, 22, 29, 29), True)],
    ids=["four in 30 days", "the first of four is 30 days back", "three", "two versions of one day are one training"],
)
def test_the_budget_counts_trainings_of_thirty_days(made: tuple[int, ...], waits: bool) -> None:
    found = decided({"at_most_a_month": 4}, known(drifted(0, 1, 2), made=made))
    assert found.retrain is not waits
    if waits:
        assert found.reasons == (
            "3 of the last 5 days violated, but 4 trainings were made in the last 30 days, 4 are allowed "
            "(retrain.at_most_a_month): the next one on 2024-06-11",
        )


def test_an_own_cool_down_goes_before_that_of_the_drift() -> None:
    state = known(drifted(0, 1, 2), made=(4,))
    assert not decided({}, state).retrain
    assert decided({"cooldown_days": 4}, state).retrain
    assert "cooling down for 5 days" in decided({"cooldown_days": 5}, state).reasons[0]


@pytest.mark.parametrize("declared", [{"every_days": 7}, {"new_labels": 1}, {}], ids=["schedule", "labels", "drift"])
def test_what_runs_keeps_every_trigger_back_and_what_failed_is_asked_for_again(declared: dict[str, Any]) -> None:
    bad = {} if declared else drifted(0, 1, 2)
    running = known(bad, labels=5, running={ago(1): "was asked for and may be running until noon"})
    assert "but a training for 2024-06-09 was asked for" in decided(declared, running).reasons[0]
    lost = known(bad, labels=5, lost={ago(1): "failed at noon (TrainingFailed: no trial ended)"})
    found = decided(declared, lost)
    assert found.retrain and found.reasons[-1].endswith("(TrainingFailed: no trial ended), so it is asked for again")


def history(seed: int) -> tuple[Retrain, dict[dt.date, frozenset[str]], int]:
    """A declaration, what is violated on each of sixty days, and how many labels come a day."""
    dice = random.Random(seed)

    def some(low: int, high: int) -> int | None:
        return dice.choice([None, dice.randint(low, high)])

    cooldown, kinds = dice.randint(0, 10), [frozenset[str](), frozenset({"drift"}), frozenset({"performance"}), BOTH]
    retrain = Retrain.model_validate(
        {
            "triggers": dice.choice([[], ["drift"], ["performance"], ["drift", "performance"]]),
            "every_days": some(max(cooldown, 1), 40),
            "new_labels": some(1, 3000),
            "cooldown_days": cooldown,
            "at_most_a_month": some(1, 4),
        }
    )
    often = dice.random()
    violated = {
        DAY + dt.timedelta(days=number): dice.choice(kinds) if dice.random() < often else kinds[0]
        for number in range(60)
    }
    return retrain, violated, dice.randint(0, 200)


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_two_months_keep_cool_down_and_budget_and_a_day_repeated_asks_for_the_same(seed: int) -> None:
    retrain, violated, labels_a_day = history(seed)
    made = [ago(1)]
    for day in violated:

        def state(day: dt.date = day) -> Known:
            before = max(trained for trained in made if trained < day)
            return Known(
                violated=violated,
                # Held by the gate: the hardest case, as no champion of the day answers for it.
                champion_trained_for=ago(1),
                trained_for=made,
                new_labels=labels_a_day * (day - before).days,
            )

        first = triggers.decide(day, retrain, DRIFT, state())
        assert first.reasons and bool(first.triggers) is first.retrain
        if first.retrain:
            made.append(day)
            assert triggers.decide(day, retrain, DRIFT, state()) == first
        elif retrain.every_days is not None and retrain.at_most_a_month is None:
            assert (day - made[-1]).days < retrain.every_days
    for number, day in enumerate(made[1:], 1):
        assert (day - made[number - 1]).days >= (retrain.cooldown_days or 0)
        month = [past for past in made[: number + 1] if (day - past).days < triggers.MONTH_DAYS]
        assert retrain.at_most_a_month is None or len(month) <= max(retrain.at_most_a_month, 1)


ROW = {"feature": "x", "statistic": "s", "value": 1.0, "limit": 0.5, "reason": "r", "model_version": 1}


def rows(*kinds: tuple[str, bool], is_violated: bool = True) -> list[dict[str, Any]]:
    checks = [{**ROW, "partition": DAY, "kind": kind, "violated": beyond} for kind, beyond in kinds]
    return [*checks, {**ROW, "partition": DAY, "kind": "verdict", "violated": is_violated}]


@pytest.mark.parametrize(
    ("checks", "kinds"),
    [
        (rows(("prediction", True), ("performance", False)), {"drift"}),
        (rows(("prediction", False), ("performance", True)), {"performance"}),
        (rows(("prediction", True), ("performance", True)), BOTH),
        (rows(("feature", True), ("feature", True), ("performance", True)), BOTH),
        (rows(("feature", True), *[("feature", False)] * 9, ("performance", True)), {"performance"}),
        (rows(("feature", True), *[("feature", False)] * 9, is_violated=False), set()),
        # By limits that were others when the day was judged.
        (rows(("feature", False)), {"drift"}),
    ],
)
def test_what_violated_a_day_is_read_from_its_checks(checks: list[dict[str, Any]], kinds: set[str]) -> None:
    assert retraining.violated_by(checks, DRIFT) == {DAY: frozenset(kinds)}


def measured(*found: tuple[str, str]) -> list[dict[str, Any]]:
    """A day that measured alarms violate by these findings."""
    its = [
        {**ROW, "partition": DAY, "kind": kind, "statistic": statistic, "violated": True, "chance": 1e-9}
        for kind, statistic in found
    ]
    ordinary = {**ROW, "partition": DAY, "kind": "feature", "violated": False, "chance": 0.4}
    # Of a column that is named, whatever it is named for.
    psi = {**ROW, "partition": DAY, "kind": "feature", "statistic": "psi", "violated": True, "chance": None}
    return [*its, ordinary, psi, {**ROW, "partition": DAY, "kind": "verdict", "violated": True, "chance": None}]


@pytest.mark.parametrize("statistic", ["missing", "volume", "duplicates", "rejected"])
def test_a_delivery_to_be_put_right_asks_for_no_training(statistic: str) -> None:
    gone = ("data", statistic)
    assert retraining.violated_by(measured(gone), DRIFT) == {DAY: frozenset()}
    assert passing(measured(gone)).startswith("what violates the newest day is a delivery")
    # Beside it something else may.
    assert retraining.violated_by(measured(gone, ("feature", "moved")), DRIFT) == {DAY: {"drift"}}
    assert retraining.violated_by(measured(gone, ("performance", "loss_rise")), DRIFT) == {DAY: {"performance"}}


@pytest.mark.parametrize(
    "found", [("data", "beyond"), ("feature", "shape"), ("prediction", "share"), ("label", "rate")]
)
def test_what_may_be_another_world_does(found: tuple[str, str]) -> None:
    assert retraining.violated_by(measured(found), DRIFT) == {DAY: {"drift"}}


def test_by_measured_alarms_one_feature_is_drift_beside_a_loss_too() -> None:
    assert retraining.violated_by(measured(("feature", "moved"), ("performance", "loss_rise")), DRIFT) == {DAY: BOTH}


def test_the_verdicts_alone_ask_as_they_do_without_a_declaration() -> None:
    violated = {ago(back): back < 3 for back in range(8)}
    alone = verdict.retraining(DAY, violated, DRIFT, ago(30), [ago(30)])
    assert alone == decided({}, known(drifted(0, 1, 2)))
