"""The hour at which the fallbacks score what no model has scored."""

from __future__ import annotations

import datetime as dt

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.orchestration.late_score import LateScoreOperator
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.storage import delta_log
from tests.jobs import appointments

DAYS = [dt.date(2024, 3, day) for day in (1, 2, 3)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[dt.date, int]:
    """The days with scores, which a test fills; without any the table does not exist."""
    scored: dict[dt.date, int] = {}
    case = UseCase.model_validate(appointments.declaration())
    monkeypatch.setattr(loader, "by_name", lambda name: case)
    monkeypatch.setattr(delta_log, "exists", lambda table: bool(scored) and table == tables.scores(case))
    monkeypatch.setattr(delta_log, "rows_by_day", lambda table, role: scored if role == "champion" else {})
    return scored


def operator(through: dt.date = DAYS[0]) -> LateScoreOperator:
    days = {"partition": f"{DAYS[0]}", "through": f"{through}"}
    return LateScoreOperator(task_id="score", stage="score", options={"use-case": "appointments", **days})


def test_a_day_without_scores_is_scored(asked, fake_job) -> None:
    fake_job("result(status='scored', arguments=arguments)")
    assert operator().execute({})["arguments"][:2] == ["score", "--use-case=appointments"]
    asked[DAYS[1]] = 10
    assert operator().execute({})["status"] == "scored"


def test_a_day_with_scores_is_left_alone(asked, fake_job) -> None:
    fake_job("fail(20, 'ModelMissing', 'nobody should have asked', False)")
    asked[DAYS[0]] = 10
    with pytest.raises(AirflowSkipException, match="every day has scores"):
        operator().execute({})


def test_of_a_range_one_day_that_is_late_is_enough(asked, fake_job) -> None:
    fake_job("result(status='scored')")
    asked.update(dict.fromkeys(DAYS[:2], 10))
    assert operator(DAYS[2]).late(DAYS) == [DAYS[2]]
    assert operator(DAYS[2]).execute({})["status"] == "scored"


def test_an_hour_without_fallbacks_is_refused() -> None:
    with pytest.raises(ValueError, match="fallback_at: expected a section fallback"):
        UseCase.model_validate({**appointments.declaration(), "fallback_at": "06:30"})


@pytest.mark.parametrize("hour", ["6:30", "24:00", "06:60", 390, ""])
def test_an_hour_is_written_as_on_a_clock(hour) -> None:
    with pytest.raises(ValueError, match="fallback_at"):
        UseCase.model_validate({**appointments.declaration(), "fallback": [{"base_rate": True}], "fallback_at": hour})
