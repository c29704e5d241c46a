import datetime as dt
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, TaskDeferred

from include.orchestration import missed_nights
from include.orchestration.ingest import LOOK_AGAIN, IngestOperator
from lakehouse.arrivals import freshness

MISSING = "fail(10, 'DeliveryMissing', 'found none for 2024-03-01', True)"


@pytest.fixture
def due(parcels, monkeypatch):
    """Say when the delivery is due, as hours from now; None for a source that declares no freshness."""
    source = parcels.sources[0]
    declared = source.model_copy(update={"freshness": object()})
    monkeypatch.setattr(
        "lakehouse.declaration.loader.by_source", lambda name: (parcels, declared if name == "fresh" else source)
    )

    def say(hours):
        moment = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
        monkeypatch.setattr(freshness, "due_at", lambda *_: moment)
        return moment

    return say


def ingest(source="fresh"):
    options = {"source": source, "partition": "2024-03-01"}
    IngestOperator(task_id="ingest", stage="ingest", options=options).execute({"outlet_events": {}})


def test_a_delivery_that_is_not_due_yet_is_waited_for(fake_job, due):
    fake_job(MISSING)
    due(1)
    with pytest.raises(TaskDeferred) as waiting:
        ingest()
    until = waiting.value.trigger.moment - dt.datetime.now(dt.UTC)
    assert LOOK_AGAIN - dt.timedelta(seconds=30) < until <= LOOK_AGAIN
    assert waiting.value.method_name == "look_again"


def test_it_is_looked_for_once_more_when_it_is_due(fake_job, due):
    fake_job(MISSING)
    moment = due(0.01)
    with pytest.raises(TaskDeferred) as waiting:
        ingest()
    assert waiting.value.trigger.moment == moment


def test_from_that_hour_on_it_is_missing(fake_job, due):
    fake_job(MISSING)
    due(-0.01)
    with pytest.raises(AirflowException, match=r"^DeliveryMissing: found none for 2024-03-01"):
        ingest()


def test_a_source_without_freshness_is_not_waited_for(fake_job, due):
    fake_job(MISSING)
    due(1)
    with pytest.raises(AirflowException, match=r"^DeliveryMissing"):
        ingest("whenever")


def test_another_error_is_not_waited_for(fake_job, due):
    fake_job("fail(11, 'DeliveryRejected', 'truncated', False)")
    due(1)
    with pytest.raises(AirflowException, match=r"^DeliveryRejected"):
        ingest()


def night(run_type, day="2024-03-10"):
    """Run the task of a night; the job finds nothing wrong."""
    run = SimpleNamespace(run_type=run_type, partition_key=day)
    options = {"source": "parcel_plan", "partition": day}
    task = IngestOperator(task_id="ingest", stage="ingest", options=options)
    task.execute({"outlet_events": {}, "dag_run": run})


@pytest.fixture
def said(parcels, fake_job, monkeypatch, capsys):
    """What the task warns of, when these days have no delivery and no night that brings one."""
    fake_job("result(status='ingested')")

    def of(run_type, *missing):
        monkeypatch.setattr(freshness, "left_behind", lambda _use_case, _source, before, _now: [*missing])
        night(run_type)
        return [line for line in capsys.readouterr().out.splitlines() if "[warning" in line and "missed" in line]

    return of


def test_the_first_night_that_runs_again_names_what_is_not_caught_up_and_the_command(said):
    (line,) = said("scheduled", dt.date(2024, 3, 1), dt.date(2024, 3, 2), dt.date(2024, 3, 5))
    assert (
        "parcel_plan: expected every day's delivery, 3 day(s) were missed and are not caught up by the schedule "
        "(calendar.catch_up_nights is 7): 2024-03-01 to 2024-03-02, 2024-03-05; when their deliveries are there, take them in: "
        "airflow backfill create --dag-id ingest__parcel_plan --from-date 2024-03-01 --to-date 2024-03-05 "
        "--reprocess-behavior failed"
    ) in line


def test_a_night_after_which_nothing_is_missing_says_nothing(said):
    assert said("scheduled") == []


def test_a_run_by_hand_or_of_a_backfill_says_nothing(said):
    assert said("manual", dt.date(2024, 3, 1)) == []
    assert said("backfill", dt.date(2024, 3, 1)) == []


def test_many_gaps_stay_one_line():
    days = [dt.date(2024, 3, 1) + dt.timedelta(days=2 * number) for number in range(12)]
    line = missed_nights.line("parcel_plan", days, 7)
    assert "12 day(s)" in line and "2024-03-19 and 2 more" in line and "\n" not in line
