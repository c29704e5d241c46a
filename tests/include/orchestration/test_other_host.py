"""A task whose host can't do it is given back, and not failed."""

import datetime as dt
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRescheduleException

from include.orchestration import other_host
from lakehouse.errors import ClockWrong, DeliveryMissing

AT = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)


def given(error, before=0):
    waited = []
    context = {"task_reschedule_count": before, "dag_run": SimpleNamespace(run_after=AT)}
    try:
        other_host.may_take({"error": error} if error else {}, context, waited.append)
    except AirflowRescheduleException as back:
        return back.reschedule_date, waited
    return None, waited


@pytest.mark.parametrize("before", [0, other_host.MOST - 1])
def test_a_wrong_clock_gives_the_task_back_at_a_moment_that_has_passed_by_any_clock(before):
    assert given("ClockWrong", before) == (AT, [other_host.SECONDS])


def test_a_task_that_was_given_back_often_fails_as_ever():
    assert given("ClockWrong", other_host.MOST) == (None, [])


@pytest.mark.parametrize("error", [None, "StoreRefused", "ServiceUnavailable", "DeliveryMissing"])
def test_what_is_no_fault_of_the_host_fails_as_ever(error):
    assert given(error) == (None, [])


def test_a_task_that_looks_at_tables_itself_is_given_back_too():
    context = {"dag_run": SimpleNamespace(run_after=AT)}
    with pytest.raises(AirflowRescheduleException) as back, other_host.or_another(context, lambda _: None):
        raise ClockWrong("minutes off")
    assert back.value.reschedule_date == AT
    often = {**context, "task_reschedule_count": other_host.MOST}
    with pytest.raises(ClockWrong), other_host.or_another(often):
        raise ClockWrong("minutes off")
    with pytest.raises(DeliveryMissing), other_host.or_another(context):
        raise DeliveryMissing("none")
