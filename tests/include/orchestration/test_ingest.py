import datetime as dt

import pytest
from airflow.sdk.exceptions import AirflowException, TaskDeferred

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
