"""A training that was asked for and fails says so in the audit log."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.train import job
from jobs.train.arguments import TrainArguments
from jobs.train.tracking.asked_training import by_hand, failure_recorded
from lakehouse.declaration import loader
from lakehouse.errors import ServiceUnavailable, TrainingDataMissing
from lakehouse.models import champion_record, registry
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


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[int, dt.date]:
    """The registry: by number the day trained for; the newest is champion."""
    made = {1: dt.date(2024, 5, 1)}

    def version(name: str, number: int) -> SimpleNamespace:
        return SimpleNamespace(name=name, version=number, run_id=f"r{number}", trained_for=made[number])

    monkeypatch.setattr(registry, "version", version)
    monkeypatch.setattr(registry, "versions", lambda name: [version(name, number) for number in made])
    monkeypatch.setattr(champion_record, "number", lambda name: max(made, default=None))
    return made


@pytest.mark.usefixtures("lakehouse_root", "versions")
def test_a_person_s_request_is_recorded_once_with_its_reason_and_its_failure_like_any_other() -> None:
    for _ in range(2):
        by_hand("m", DAY, "airflow:ann", "prices changed")
    with pytest.raises(TrainingDataMissing), failure_recorded("m", DAY, "airflow:ann"):
        raise TrainingDataMissing("too few rows")
    line, failed = model_events.of_model("m")
    assert (line.event, line.model_version, line.actor, line.reason) == (
        model_events.REQUESTED, 1, "airflow:ann", "prices changed",
    )  # fmt: skip
    assert line.evidence == {"partition": "2024-06-08", "triggers": {"by hand": {}}}
    assert failed.event == model_events.TRAINING_FAILED


@pytest.mark.usefixtures("lakehouse_root")
def test_a_first_training_a_repeated_one_and_one_without_a_reason_are_no_request(versions: dict[int, dt.date]) -> None:
    by_hand("m", DAY, "ann", None)
    versions[2] = DAY
    by_hand("m", DAY, "ann", "again")
    versions.clear()
    by_hand("m", DAY, "ann", "the first")
    assert model_events.of_model("m") == []


@pytest.mark.usefixtures("_asked")
def test_the_job_is_such_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_few(*_: object) -> None:
        raise TrainingDataMissing("too few rows")

    monkeypatch.setattr(loader, "by_name", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(job, "_of_day", too_few)
    with pytest.raises(TrainingDataMissing):
        job.run(TrainArguments(use_case="m", partition=DAY, actor="airflow"))
    assert retrainings.requests("m")[DAY].failure is not None
