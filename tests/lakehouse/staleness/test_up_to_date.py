"""A partition is up to date exactly when it was built from what it would be built from now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.models import registry
from lakehouse.ops import builds
from lakehouse.staleness import up_to_date
from lakehouse.storage import commits, sql_quoting

DAY = dt.date(2024, 3, 1)
DAYS = [DAY + dt.timedelta(days=ahead) for ahead in range(4)]

inputs = st.dictionaries(
    st.sampled_from(["deliveries", "the code", "the label"]), st.sampled_from(["1", "2", "1,2"]), min_size=1
)
partitions = st.dictionaries(st.sampled_from(DAYS), inputs)


@pytest.fixture
def bakery(lakehouse_root: Path) -> UseCase:
    return loader.by_name("bakery_sales")


def build(use_case: UseCase, from_inputs: Mapping[dt.date, Mapping[str, str]]) -> None:
    """Labels of these days alone, one row a day, as a job would leave them."""
    table = tables.outcomes(use_case)
    digests = builds.record(table, from_inputs)
    key = dict.fromkeys(use_case.entity.key, "rye")
    rows = [
        {"partition": day, **key, "value": 1.0, "label": 1.0, tables.INPUTS_FINGERPRINT: digests[day]}
        for day in from_inputs
    ]
    commits.replace_rows(table, rows, sql_quoting.days_condition(DAYS))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=partitions, now=partitions)
def test_the_outdated_days_are_those_whose_inputs_differ(
    bakery: UseCase, before: dict[dt.date, dict[str, str]], now: dict[dt.date, dict[str, str]]
) -> None:
    build(bakery, before)
    comparison = up_to_date.compare(tables.outcomes(bakery), now)
    assert comparison.outdated() == sorted(day for day in now if before.get(day) != now[day])
    assert comparison.outdated(force=True) == sorted(now)
    for day, reasons in comparison.reasons().items():
        old = before.get(day)
        if old is None:
            assert reasons == ["it is not built yet"]
        else:
            changed = {name for name in {*old, *now[day]} if old.get(name) != now[day].get(name)}
            assert len(reasons) == len(changed) and all(any(name in reason for reason in reasons) for name in changed)


def test_a_day_whose_inputs_were_not_recorded_is_outdated_and_says_so(bakery: UseCase) -> None:
    build(bakery, {DAY: {"deliveries": "1"}})
    commits.replace_rows(tables.BUILDS, [], "true")
    assert up_to_date.compare(tables.outcomes(bakery), {DAY: {"deliveries": "2"}}).reasons() == {
        DAY: ["what it was built from is not recorded"]
    }


def test_days_are_limited_at_both_ends(bakery: UseCase) -> None:
    build(bakery, {day: {"deliveries": "1"} for day in DAYS})
    table = tables.outcomes(bakery)
    assert sorted(up_to_date.built(table, DAYS[1], DAYS[2])) == DAYS[1:3]
    assert sorted(up_to_date.built(table, first=DAYS[3])) == DAYS[3:]
    assert sorted(up_to_date.built(table)) == DAYS


def test_a_day_on_which_no_row_asks_for_reasons_is_up_to_date_once_that_is_recorded(bakery: UseCase) -> None:
    expected = {DAY: {"scores": "1"}, DAYS[1]: {"scores": "1"}}
    assert up_to_date.compare_reasons(bakery, expected).reasons() == {
        day: ["it has no reasons yet"] for day in expected
    }
    up_to_date.record_rowless(bakery, {DAY: expected[DAY]})
    assert up_to_date.compare_reasons(bakery, expected).outdated() == [DAYS[1]]
    # Of other scores it has to be asked again.
    assert up_to_date.compare_reasons(bakery, {DAY: {"scores": "2"}}).outdated() == [DAY]
    assert up_to_date.built(tables.reasons(bakery), role=registry.CHAMPION) == {}
