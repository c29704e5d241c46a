"""From the end of a task to the message: whose it is, what is told, and that nothing of it fails a task."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from include.orchestration import alerts, send_alerts
from lakehouse import __main__ as lakehouse_command
from lakehouse.declaration import UseCase, datasets, loader
from lakehouse.declaration.run_budget import RunBudget
from lakehouse.ops import alerts as books
from lakehouse.ops import deliveries, model_events
from lakehouse.ops.deliveries import Delivery
from lakehouse.ops.model_events import Event
from tests.jobs import appointments
from tests.recorded_runs import a_run, declare_rates, leave

DAY = dt.date(2024, 6, 10)


@pytest.fixture
def use_case(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    """Its messages go into the file ``told``."""
    to = [{"name": "log", "file": {"path": str(tmp_path / "told")}}]
    found = UseCase.model_validate({**appointments.declaration(), "alerts": {"to": to}})
    monkeypatch.setattr(loader, "declared", lambda: [found])
    monkeypatch.setattr(loader, "readers", lambda source: [found])
    monkeypatch.setattr(loader, "by_source", lambda name: (found, SimpleNamespace(name=name)))
    return found


def context(stage: str, dag: str, result: Any = None, error: str = "", **options: str) -> Any:
    def pull(task_ids: str) -> Any:
        return {"gate": result}[task_ids]

    return {
        "task": SimpleNamespace(stage=stage, options=options, result=result),
        "ti": SimpleNamespace(dag_id=dag, task_id=stage, xcom_pull=pull),
        "dag_run": SimpleNamespace(run_id="scheduled 1", partition_key=str(DAY)),
        "exception": RuntimeError(error) if error else None,
    }


def held(name: str) -> None:
    at = dt.datetime.now(dt.UTC)
    model_events.record(Event(name, 2, model_events.HELD, 1, "job", "not better", {}, "r", at))


def test_the_end_of_a_job_tells_what_the_records_have_once(
    use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow:8080/")
    held(use_case.name)
    options = {"use-case": use_case.name, "partition": str(DAY)}
    for _ in range(2):
        alerts.job_done(context("gate", f"train__{use_case.name}", {}, **options))
    assert (tmp_path / "told").read_text().count("is held by the gate") == 2  # its title, and what happened
    (line,) = books.lines()
    assert line.run == f"http://airflow:8080/dags/train__{use_case.name}/runs/scheduled 1"


def test_a_failed_task_is_told_and_cleared_and_failed_again_it_is_the_same(use_case: UseCase) -> None:
    options = {"use-case": use_case.name}
    for _ in range(2):
        alerts.task_failed(context("features", f"features__{use_case.name}", error="InputsMissing: none", **options))
    (line,) = books.lines()
    assert line.subject == f"[nightjar] features__{use_case.name}.features failed for 2024-06-10"
    assert "What happened: InputsMissing: none" in line.body


def test_what_no_use_case_owns_is_told_to_the_deployment(
    use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    alerts.task_failed(context("maintain", "maintain__lakehouse", error="TableUnreadable: gold.x"))
    assert "TableUnreadable: gold.x" in (tmp_path / "home" / "alerts.log").read_text()


def test_a_refused_delivery_is_one_message_with_its_reason(use_case: UseCase) -> None:
    at, source = dt.datetime.now(dt.UTC), use_case.reads[0]
    deliveries.record([Delivery(source, "d1", DAY, "/landing/1.csv", "c", 3, 0, 3, 0, deliveries.REFUSED, at)])
    error = f"DeliveryRejected: source {source}: /landing/1.csv: header: missing column(s) id"
    alerts.task_failed(context("ingest", f"ingest__{source}", error=error, source=source))
    alerts.job_done(context("monitor", f"monitor__{use_case.name}", {}, **{"use-case": use_case.name}))
    (line,) = books.lines()
    assert line.event == "refused" and "missing column(s) id" in line.body


def test_an_approval_that_waits_is_told_with_the_gates_reasons_and_its_page(use_case: UseCase) -> None:
    gate = {"model_version": 7, "reasons": ["better by 0.01"], "run_url": "http://mlflow/run"}
    alerts.approval_waits(context("approval", f"train__{use_case.name}", gate))
    (line,) = books.lines()
    assert line.event == "approval" and "proposes version 7: better by 0.01" in line.body
    assert line.page == "http://mlflow/run"


def test_rows_that_a_fallback_decided_are_told_by_the_jobs_result_with_its_run(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow:8080/")
    result = {"fallbacks": {str(DAY): {"last score": 4}}}
    dag = f"fallback__{use_case.name}"
    alerts.job_done(context("score", dag, result, **{"use-case": use_case.name}))
    (line,) = books.lines()
    assert line.event == "fallback" and "4 by last score" in line.body
    assert line.run == f"http://airflow:8080/dags/{dag}/runs/scheduled 1"


def test_every_hour_what_is_open_of_all_use_cases_is_sent(use_case: UseCase, tmp_path: Path) -> None:
    held(use_case.name)
    with DAG(dag_id="alert__lakehouse", schedule=None):
        task = alerts.send_open()
    assert task.python_callable() == {"sent": 1, "receivers_away": 0}
    assert (tmp_path / "told").is_file()


def test_every_hour_the_journal_of_costs_is_taken_in_and_the_budgets_of_datasets_are_looked_at(
    use_case: UseCase, tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    budget = RunBudget.model_validate({"per_month": 3})
    dataset = SimpleNamespace(name="summaries", run_budget=budget, calendar=use_case.calendar)
    monkeypatch.setattr(datasets, "declared", lambda: [dataset])
    declare_rates(tmp_path / "use_cases")
    lakehouse_root.mkdir()
    now = dt.datetime.now(dt.UTC)
    leave(a_run(dataset=dataset.name, use_case=None, stage="assemble", started_at=now))
    with DAG(dag_id="alert__lakehouse", schedule=None):
        task = alerts.send_open()
    for _ in range(2):
        task.python_callable()
    (line,) = books.lines()
    assert line.subject.startswith("[nightjar] summaries: 100 % of the budget of ")
    assert "cost 3.75 EUR; the budget of a month is 3.00 EUR" in line.body


def test_what_is_open_is_sent_by_a_command_too_and_listed_until_then(
    use_case: UseCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held(use_case.name)
    (tmp_path / "told").mkdir()
    assert send_alerts.main() == 1 and "0 message(s) sent; 1 receiver(s) could not be told" in capsys.readouterr().out
    assert lakehouse_command.main(["alerts", "--open", "--format", "csv"]) == 0
    listed = capsys.readouterr().out
    assert "failed,1,file" in listed and "takes nothing (Is a directory)" in listed
    assert lakehouse_command.main(["alerts", "--whose", "nobody", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_goes_wrong_while_telling_is_logged_and_fails_nothing(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> list[UseCase]:
        raise OSError("no space left on device")

    monkeypatch.setattr(loader, "declared", broken)
    alerts.job_done(context("gate", f"train__{use_case.name}", {}, **{"use-case": use_case.name}))
    assert "not everything could be told" in caplog.text


def test_a_person_who_is_asked_is_told(use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task that asks has the answers to choose from where others have their options."""
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    gate = {"model_version": 3, "reasons": ["better"], "run_url": "http://mlflow"}
    promotion = context("approval", f"train__{use_case.name}", gate)
    promotion["task"].options = ["Approve", "Reject"]
    alerts.approval_waits(promotion)
    assert "waits for your approval" in (tmp_path / "told").read_text()
    erasure = context("approval", "erase__bookings")
    erasure["task"].options = ["Approve", "Reject"]
    alerts.erasure_waits(erasure)
    assert "bookings: an erasure waits for your approval" in (tmp_path / "home" / "alerts.log").read_text()
