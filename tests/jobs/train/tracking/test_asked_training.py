"""A training that was asked for and fails says so in the audit log."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.train import job
from jobs.train.arguments import TrainArguments
from jobs.train.tracking.asked_training import failure_recorded
from lakehouse.declaration import loader
from lakehouse.errors import ServiceUnavailable, TrainingDataMissing
from lakehouse.ops import model_events, retrainings
from lakehouse.ops.model_events import Event

DAY = dt.date(2024, 6, 8)


@pytest.fixture
def _asked(lakehouse_root: Path) -> None:
    at = dt.datetime(2024, 6, 8, 12, tzinfo=dt.UTC)
    evidence = {"partition": DAY.isoformat()}
    model_events.record(Event("m", 3, model_events.REQUESTED, 3, "job", "drift", evidence, "r3", at))


@pytest.mark.usefixtures("_asked")
@pytest.mark.parametrize(
    ("error", "said", "retryable"),
    [
        (TrainingDataMissing("too few rows\nmore"), "TrainingDataMissing: too few rows", False),
        (ServiceUnavailable("no answer"), "ServiceUnavailable: no answer", True),
        (ValueError(""), "ValueError: no message", True),
    ],
    ids=["for good", "tried again", "without a name"],
)
def test_its_error_is_recorded_and_goes_on(error: Exception, said: str, retryable: bool) -> None:
    with pytest.raises(type(error)), failure_recorded("m", DAY, "airflow"):
        raise error
    (line,) = [one for one in model_events.of_model("m") if one.event == model_events.TRAINING_FAILED]
    assert (line.model_version, line.actor, line.reason) == (3, "airflow", said)
    assert line.evidence == {"partition": "2024-06-08", "retryable": retryable}


@pytest.mark.usefixtures("_asked")
def test_one_that_ends_well_leaves_no_line() -> None:
    with failure_recorded("m", DAY, "airflow"):
        pass
    assert [one.event for one in model_events.of_model("m")] == [model_events.REQUESTED]


@pytest.mark.usefixtures("_asked")
def test_an_audit_log_that_cannot_be_written_hides_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(retrainings, "record_failure", full)
    with pytest.raises(TrainingDataMissing), failure_recorded("m", DAY, "airflow"):
        raise TrainingDataMissing("too few rows")


@pytest.mark.usefixtures("_asked")
def test_the_job_is_such_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_few(*_: object) -> None:
        raise TrainingDataMissing("too few rows")

    monkeypatch.setattr(loader, "by_name", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(job, "_of_day", too_few)
    with pytest.raises(TrainingDataMissing):
        job.run(TrainArguments(use_case="m", partition=DAY, actor="airflow"))
    assert retrainings.requests("m")[DAY].failure is not None
