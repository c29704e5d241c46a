"""What has to stay, for drawn declarations: everything that a live version, the next training or a verdict reads."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.retention import needs
from lakehouse.retention.decision import Rule, decide
from lakehouse.retention.facts import Facts, Trained
from lakehouse.tables import Table
from tests.jobs import appointments

FIRST = dt.date(2024, 1, 1)
LENGTH = 150
DAYS = {FIRST + dt.timedelta(days=number) for number in range(LENGTH)}
NEWEST = max(DAYS)
TODAY = dt.date(2026, 1, 1)


@st.composite
def use_cases(draw: st.DrawFn) -> UseCase:
    maturity, back = draw(st.integers(1, 5)), draw(st.integers(0, 30))
    holdout = maturity + draw(st.integers(0, 10))
    validated = holdout + 1 + maturity
    validation = validated + draw(st.integers(0, 5))
    trained = validation + 1 + maturity
    split = {
        "train": {"first": trained + draw(st.integers(0, 40)), "last": trained},
        "validation": {"first": validation, "last": validated},
        "holdout": {"first": holdout, "last": maturity},
    }
    content = appointments.declaration(split=split, drift={"window_days": draw(st.integers(1, 14))})
    content["label"]["maturity_days"] = maturity
    content["inputs"] = [{"source": "bookings"}, {"source": "visits", "first": back + 1, "last": 1}]
    content["calendar"] = {"start": FIRST, "catch_up_nights": draw(st.integers(0, 5))}
    return UseCase.model_validate(content)


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    live = []
    for version in range(draw(st.integers(0, 3))):
        first = FIRST + dt.timedelta(days=draw(st.integers(0, LENGTH - 1)))
        live.append(Trained(version + 1, first, first + dt.timedelta(days=draw(st.integers(0, 40))), "the champion"))
    pending = tuple(
        FIRST + dt.timedelta(days=number) for number in draw(st.sets(st.integers(0, LENGTH - 1), max_size=2))
    )
    return Facts(draw(use_cases()), NEWEST, tuple(live), pending)


def stays(facts: Facts, table: Table, days: int) -> set[dt.date]:
    decided = decide(DAYS, Rule(days, "layer"), needs.of_use_case(facts).of(table.full_name), TODAY)
    return DAYS.difference(decided.going)


@settings(max_examples=40)
@given(facts=all_facts(), days=st.integers(1, 200))
def test_what_is_read_stays(facts: Facts, days: int) -> None:
    use_case = facts.use_case
    features, outcomes, scores = (make(use_case) for make in (tables.features, tables.outcomes, tables.scores))
    bookings, visits = (tables.silver(use_case.source(name)) for name in ("bookings", "visits"))
    trained = {day for day in DAYS for one in facts.live or () if one.first <= day <= one.last}
    next_training = {day for day in DAYS if day > NEWEST - dt.timedelta(days=use_case.split.train.first)}
    window = use_case.drift.window_days + use_case.maturity_days
    judged = {end - dt.timedelta(days=number) for end in (NEWEST, *facts.pending) for number in range(window)} & DAYS
    for table in (features, outcomes):
        assert trained | next_training | judged <= stays(facts, table, days)
    assert judged <= stays(facts, scores, days)
    reach = max(item.first for item in use_case.inputs)
    made_from = {
        day - dt.timedelta(days=number) for day in trained | next_training for number in range(1, reach + 1)
    } & DAYS
    assert made_from <= stays(facts, visits, days)
    assert trained | next_training <= stays(facts, bookings, days)
    # The newest days stay as declared, of every table.
    assert {NEWEST - dt.timedelta(days=number) for number in range(min(days, LENGTH))} <= stays(facts, scores, days)


@settings(max_examples=10)
@given(facts=all_facts(), days=st.integers(1, 200))
def test_while_it_is_not_known_who_is_live_everything_stays(facts: Facts, days: int) -> None:
    unknown = Facts(facts.use_case, facts.newest, None, facts.pending)
    for table in tables.of_use_case(facts.use_case):
        assert stays(unknown, table, days) == DAYS


@settings(max_examples=10)
@given(facts=all_facts())
def test_what_nobody_needs_goes(facts: Facts) -> None:
    """Else nothing would ever go, and the rest would be true of it."""
    kept = stays(facts, tables.reasons(facts.use_case), 3)
    assert kept == {NEWEST - dt.timedelta(days=number) for number in range(3)}
