"""What goes is older than declared, and nothing that is needed; the same on every day."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.retention.decision import Decision, Need, Rule, decide

FIRST = dt.date(2024, 1, 1)
TODAY = dt.date(2024, 6, 1)

some_day = st.integers(0, 100).map(lambda number: FIRST + dt.timedelta(days=number))
some_need = st.tuples(some_day, st.integers(0, 20)).map(
    lambda drawn: Need(drawn[0], drawn[0] + dt.timedelta(days=drawn[1]), "needed")
)


@given(present=st.sets(some_day), days=st.integers(1, 120), needs=st.lists(some_need, max_size=4))
def test_a_day_goes_only_when_it_is_older_than_declared_and_nobody_needs_it(
    present: set[dt.date], days: int, needs: list[Need]
) -> None:
    decided = decide(present, Rule(days, "layer gold"), needs, TODAY)
    newest = max(present, default=TODAY)
    old = {day for day in present if day <= newest - dt.timedelta(days=days)}
    needed = {day for day in present if any(need.has(day) for need in needs)}
    assert set(decided.going) == old - needed
    assert set(decided.kept) == old & needed
    # What is left gives the same answer again: nothing more goes.
    left = present - set(decided.going)
    assert decide(left, Rule(days, "layer gold"), needs, TODAY).going == []


@given(present=st.sets(some_day, min_size=1), days=st.integers(1, 120), later=st.integers(0, 5000))
def test_the_clock_takes_nothing(present: set[dt.date], days: int, later: int) -> None:
    rule = Rule(days, "layer gold")
    assert decide(present, rule, [], TODAY) == decide(present, rule, [], TODAY + dt.timedelta(days=later))
    assert max(present) not in decide(present, rule, [], TODAY).going


def test_a_day_that_is_yet_to_come_makes_no_other_old() -> None:
    present = {FIRST, FIRST + dt.timedelta(days=1), dt.date(2999, 1, 1)}
    assert decide(present, Rule(5, "layer gold"), [], TODAY).going == []


def test_without_a_rule_everything_stays() -> None:
    assert decide({FIRST, TODAY}, None, [], TODAY) == Decision()
