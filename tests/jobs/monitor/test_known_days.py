"""Days of known events: they are told and not judged, the days after them are compared without them, all else is as it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.monitor import drift, known_days, retraining
from jobs.monitor.alarms import checks
from jobs.monitor.alarms.seen import Delivered
from jobs.monitor.known_days import Judged
from jobs.monitor.verdict import LEFT_OUT, DriftCheck
from lakehouse.declaration import Drift, UseCase
from lakehouse.declaration.known_events import KNOWN_EVENT, KnownEvent
from tests.bench import alarm_nights, alarm_worlds
from tests.bench.alarm_nights import Stage
from tests.bench.alarm_worlds import CHANGES, Change, World

pytestmark = pytest.mark.quick
WATCHED, SINCE, LASTS = 12, 3, 4
MONDAY = dt.date(2024, 6, 3)
A_DAY = dt.timedelta(days=1)


def declared(alarms: str, *events: KnownEvent) -> UseCase:
    made = alarm_worlds.declared(alarms=alarms, max_prediction_psi=0.25, max_drifted_share=0.15)
    return made.model_copy(update={"drift": made.drift.model_copy(update={"known_events": events})})


def happening(change: Change, seed: int = 5) -> Stage:
    """A world in which something happens for four watched days and is over then."""
    world = World(600, season=True, seed=seed, change=change, since=SINCE)
    changed, quiet = alarm_worlds.stage(world, WATCHED), alarm_worlds.stage(replace(world, change=None), WATCHED)
    over = np.datetime64(quiet.days[SINCE + LASTS])
    ends = [int(np.searchsorted(one.watched.days, over)) for one in (changed, quiet)]
    parts = (changed.watched, slice(0, ends[0])), (quiet.watched, slice(ends[1], None))
    rows = replace(
        quiet.watched,
        features=np.concatenate([one.features[part] for one, part in parts]),
        label=np.concatenate([one.label[part] for one, part in parts]),
        days=np.concatenate([one.days[part] for one, part in parts]),
        slices={name: np.concatenate([one.slices[name][part] for one, part in parts]) for name in quiet.watched.slices},
    )
    score = np.concatenate([changed.watched_score[: ends[0]], quiet.watched_score[ends[1] :]])
    return replace(quiet, watched=rows, watched_score=score)


def event_of(stage: Stage, first: int = SINCE, days: int = LASTS, name: str = "fair") -> KnownEvent:
    return KnownEvent(name=name, start=stage.days[first], end=stage.days[first + days - 1])


def facts(found: list[DriftCheck], statistic: str) -> list[DriftCheck]:
    return [one for one in found if one.statistic == statistic]


@pytest.mark.parametrize(("alarms", "change"), [("measured", CHANGES[0]), ("declared", CHANGES[3])])
def test_what_happens_on_the_days_of_an_event_violates_no_night_and_is_told(alarms: str, change: Change) -> None:
    stage = happening(change)
    use_case = declared(alarms, event_of(stage))
    evidence = stage.evidence(use_case)
    without = alarm_nights.nights(declared(alarms), evidence, stage.days, stage.days[0])
    nights = alarm_nights.nights(use_case, evidence, stage.days, stage.days[0])
    assert any(night.violated for night in without) and not any(night.violated for night in nights)
    last, after = nights[SINCE + LASTS - 1], nights[SINCE + LASTS]
    said = "; ".join(drift.verdict_of(last.checks, use_case, evidence).reasons)
    assert (
        f"to {last.day} have days of known events (fair)" in said
        and "of it would be violated" in said
        and change.column in said
    )
    its = [one for one in last.checks if one.feature == change.column and "not judged" in str(one.reason)]
    assert its and all(one.reason and "of the known event fair" in one.reason for one in its)
    said = "; ".join(drift.verdict_of(after.checks, use_case, evidence).reasons)
    left_out = f"{LASTS} of the 7 days to {after.day} are of known events and left out: fair"
    # Declared limits compare a whole week with whole weeks.
    assert (left_out if alarms == "measured" else f"to {after.day} have days of known events (fair)") in said
    # Rows of the table that ask for no training.
    rows = drift.rows(last.day, 1, last.checks, drift.verdict_of(last.checks, use_case, evidence))
    assert retraining.violated_by(rows, use_case.drift)[last.day] == frozenset()


@pytest.mark.parametrize("number", [0, 2, 4])
def test_what_goes_on_after_an_event_is_seen_as_soon_as_anything_new(number: int) -> None:
    change = CHANGES[number]
    stage = alarm_worlds.stage(World(600, season=True, seed=8, change=change, since=SINCE), WATCHED)
    use_case = declared("measured", event_of(stage))
    nights = alarm_nights.nights(use_case, stage.evidence(use_case), stage.days, stage.days[0])
    assert not any(night.violated for night in nights[: SINCE + LASTS])
    # Two days that are none of the event.
    assert any(night.violated for night in nights[SINCE + LASTS : SINCE + LASTS + 2])
    found = [one for one in nights[SINCE + LASTS + 1].checks if one.violated and getattr(one, "days", None)]
    assert found and all(vars(one)["days"] <= 7 - LASTS + 2 for one in found if one.kind == "feature")


def test_labels_of_an_event_are_told_on_the_night_that_knows_them() -> None:
    stage = happening(CHANGES[5])
    use_case = declared("measured", event_of(stage))
    evidence, later = stage.evidence(use_case), use_case.maturity_days
    assert later > 0
    nights = alarm_nights.nights(use_case, evidence, stage.days, stage.days[0])
    assert not any(night.violated for night in nights)
    by_day = {night.day: night for night in nights}
    last = by_day[stage.days[SINCE + LASTS - 1] + later * A_DAY]
    (said,) = [one for one in facts(last.checks, KNOWN_EVENT) if one.kind == "label"]
    assert said.feature == "fair" and f"to {stage.days[SINCE + LASTS - 1]} have days of known events" in str(
        said.reason
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, WATCHED - 1), st.integers(40, 60), st.sampled_from(["measured", "declared"]))
def test_an_event_that_no_window_has_changes_nothing(night: int, before: int, alarms: str) -> None:
    stage = alarm_worlds.stage(World(60, season=True, seed=3), WATCHED)
    day = stage.days[night]
    events = (
        KnownEvent(name="past", start=day - (before + 9) * A_DAY, end=day - before * A_DAY),
        KnownEvent(name="next", start=day + A_DAY),
    )
    evidence = stage.evidence(declared(alarms))
    assert drift.checks_of_day(day, declared(alarms, *events), evidence) == drift.checks_of_day(
        day, declared(alarms), evidence
    )


def test_a_delivery_of_a_day_of_an_event_is_told(use_case: UseCase) -> None:
    stage = alarm_worlds.stage(World(60, season=True, seed=3), WATCHED)
    source = use_case.sources[0]
    made = declared("measured")
    made = made.model_copy(update={"sources": (source,)})
    evidence, day = stage.evidence(made), stage.days[-1]
    assert evidence.reference is not None
    after = source.arrives_after_days * A_DAY
    its = [*evidence.reference.history.days, *(one - after for one in stage.days)]
    ordinary = {one: Delivered(100, 0, 0) for one in its}
    # The newest two days are half empty.
    ordinary |= {day - after - back * A_DAY: Delivered(20, 0, 0) for back in range(2)}
    evidence = replace(evidence, seen=replace(evidence.seen, delivered={source.name: ordinary}))
    event = KnownEvent(name="strike", start=day - after - A_DAY, end=day - after)

    def volume(of: UseCase) -> DriftCheck:
        found = drift.checks_of_day(day, of, evidence)
        (one,) = [one for one in found if (one.feature, one.statistic) == (source.name, "volume")]
        return one

    assert volume(made).violated
    known = made.model_copy(update={"drift": made.drift.model_copy(update={"known_events": (event,)})})
    assert not volume(known).violated and "of the known event strike" in str(volume(known).reason)


def test_where_nothing_but_an_event_is_known_the_verdict_says_so() -> None:
    stage = alarm_worlds.stage(World(60, season=True, seed=3), 1)
    use_case = declared("measured", event_of(stage, 0, 1))
    evidence = stage.evidence(use_case)
    evidence = replace(evidence, seen=replace(evidence.seen, labels={}, quality={}, residuals={}))
    found = checks.verdict(drift.checks_of_day(stage.days[0], use_case, evidence))
    assert not found.violated and f"to {stage.days[0]} have days of known events (fair)" in found.reasons[0]


@given(st.lists(st.booleans(), min_size=1, max_size=10))
def test_a_window_has_its_ordinary_days_or_ends_with_one_of_an_event(of_event: list[bool]) -> None:
    days = [MONDAY + number * A_DAY for number in range(len(of_event))]
    events = tuple(KnownEvent(name="e", start=day) for day, known in zip(days, of_event, strict=True) if known)
    made = Judged.of(days, Drift(known_events=events))
    ordinary = tuple(day for day, known in zip(days, of_event, strict=True) if not known)
    assert made.days == (tuple(days) if of_event[-1] else ordinary)
    assert (made.event == "e") is of_event[-1] and made.events == ("e",) * any(of_event)
    whole = Judged.pooled(days, Drift(known_events=events))
    assert whole.days == tuple(days) and whole.event == ("e" if any(of_event) else None)
    said = made.said("data", [])
    assert [one.statistic for one in said] == ([KNOWN_EVENT if of_event[-1] else LEFT_OUT] if any(of_event) else [])


def test_a_check_of_no_event_is_told_as_it_is() -> None:
    made = DriftCheck("feature", "x", "psi", 1.0, 0.5, True, "PSI of x 1.0")
    assert list(known_days.told([made], None)) == [made]
    (told,) = known_days.told([made], "fair")
    assert not told.violated and told.reason == "PSI of x 1.0, not judged: of the known event fair"


def test_an_event_makes_no_training_another_one() -> None:
    known, plain = declared("measured", KnownEvent(name="fair", start="12-24")), declared("measured")
    assert known.drift != plain.drift and known.drift.of_training == plain.drift.of_training == plain.drift
    assert known.drift.of_training.model_dump_json() == plain.drift.model_dump_json()
