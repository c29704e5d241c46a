"""The job, from tables to the run in MLflow, whose server is a real one; no Spark is started."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.report import drift_run, evidently_report, job
from jobs.report.arguments import ReportArguments
from jobs.report.night import VERDICT
from lakehouse import settings, tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ExperimentDeleted, InputsMissing, ModelMissing
from lakehouse.models import artifacts, mlflow_client
from lakehouse.storage import partition_rows, small_tables, spark_session
from tests.jobs.monitor import conftest as toys
from tests.jobs.report.reading import Page

DAYS = 7


@pytest.fixture
def watched(lakehouse_root, tmp_path, monkeypatch, mlflow_server) -> toys.Toy:
    """Seven nights, the last three of them shifted, with a name of its own in the registry's server."""
    toy = toys.opened(tmp_path, monkeypatch)
    toy.use_case = UseCase.model_validate(toys.DECLARED | {"name": f"toy_{tmp_path.name[-40:].lower().strip('_')}"})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    monkeypatch.setenv("RUN_BOOK", "https://example.org/on-call")

    def none(*_: object) -> None:
        raise AssertionError("a page is drawn from counts: no session is opened")

    monkeypatch.setattr(spark_session, "session", none)
    for number in range(DAYS):
        toy.live(number, shift=2.0 if number >= DAYS - 3 else 0.0)
    monitor.run(MonitorArguments(use_case="toy", partition=toy.day(0), through=toy.day(DAYS - 1)))
    return toy


def report(toy: toys.Toy, number: int = DAYS - 1) -> job.ReportResult:
    return job.run(ReportArguments(use_case="toy", partition=toy.day(number)))


def file_of(result: job.ReportResult, name: str, folder: Path) -> str:
    return mlflow_client.download(str(result.run_id), f"{drift_run.FOLDER}/{name}", folder).read_text(encoding="utf-8")


def test_a_day_has_one_run_with_its_page_that_is_kept_while_it_would_be_the_same(watched, tmp_path, monkeypatch):
    first = report(watched)
    assert first.status == "reported" and first.rows is None
    again = report(watched)
    assert (again.status, again.run_id, again.url) == ("unchanged", first.run_id, first.url)

    rows = partition_rows.read(tables.drift(watched.use_case), [watched.day(DAYS - 1)])
    verdict = next(row for row in rows if row["kind"] == VERDICT)
    kept = mlflow_client.client().get_run(first.run_id)
    assert (kept.info.run_name, kept.info.status) == (f"drift {watched.day(DAYS - 1)}", "FINISHED")
    measured = {f"{row['kind']}/{row['statistic']}/{row['feature']}": row["value"] for row in rows}
    assert kept.data.metrics == {name: value for name, value in measured.items() if value is not None}
    wanted = {
        "kind": "drift",
        "use_case": watched.use_case.name,
        "partition": str(watched.day(DAYS - 1)),
        "model_version": "1",
        "verdict": "violated",
        "reasons": verdict["reason"],
    }
    assert wanted.items() <= kept.data.tags.items()
    files = mlflow_client.client().list_artifacts(first.run_id, drift_run.FOLDER)
    assert [file.path for file in files] == ["drift/drift.html", "drift/drift.json"]

    # The page says what the tables do, and where to read on.
    read = Page(file_of(first, "drift.html", tmp_path))
    assert "✕ violated" in read.text and all(reason in read.text for reason in verdict["reason"].split("; "))
    found = json.loads(file_of(first, "drift.json", tmp_path))
    cards = {card["name"]: card for card in found["drifted"]["cards"]}
    assert {"warm", "calm", "score"} == set(cards)
    counted = small_tables.read(tables.drift_counts(watched.use_case))
    window = {watched.day(number) for number in range(DAYS - 4, DAYS)}
    of_warm = [row for row in counted if row["name"] == "warm" and row["partition"] in window]
    assert cards["warm"]["distribution"]["rows"] == sum(row["rows"] for row in of_warm) == 4 * toys.ROWS
    assert {line["value"] for line in found["slices"]["lines"]} == {"a", "b"} and found["quality"]["charts"]
    assert any(a["href"] == "https://example.org/on-call#a-verdict-is-violated" for a in read.marked["a"])

    assert "This night asked for a retraining: " in read.text and "may be running until" in read.text

    # The night before was not drawn yet; when it is, this one links to it.
    before = report(watched, DAYS - 2)
    later = report(watched)
    assert (later.status, later.run_id) == ("reported", first.run_id)
    assert before.url in file_of(later, "drift.html", tmp_path) and report(watched).status == "unchanged"

    # Other numbers make another page, in the same run.
    changed = [row | {"value": row["value"] + 1} if row["feature"] == "warm" else row for row in rows]
    partition_rows.replace(tables.drift(watched.use_case), [watched.day(DAYS - 1)], changed)
    assert report(watched).run_id == first.run_id
    assert mlflow_client.client().get_run(first.run_id).data.metrics["feature/psi/warm"] == pytest.approx(
        measured["feature/psi/warm"] + 1
    )

    # An old day whose champion's files are gone still has its page.
    def gone(model: object, path: str) -> Path:
        raise ModelMissing(f"model toy version 1: run r has no artifact {path}")

    monkeypatch.setattr(artifacts, "local_copy", gone)
    without = report(watched)
    assert "training profile is not there" in Page(file_of(without, "drift.html", tmp_path)).text

    mlflow_client.client().delete_run(first.run_id)
    other = report(watched)
    assert other.status == "reported" and other.run_id != first.run_id
    mlflow_client.client().delete_experiment(mlflow_client.experiment(watched.use_case.name))
    with pytest.raises(ExperimentDeleted, match=r"restore it: .* mlflow experiments restore"):
        report(watched)


def test_a_day_that_was_not_monitored_names_the_command_to_run_first(watched):
    with pytest.raises(InputsMissing, match=r"python -m jobs monitor --use-case .* --partition 2024-01-21"):
        report(watched, 20)


def test_a_run_whose_artifacts_lie_elsewhere_gets_its_files_by_mlflows_client(tmp_path, monkeypatch):
    taken: list[tuple[object, ...]] = []

    class Client:
        def log_artifact(self, *arguments: object) -> None:
            taken.append(arguments)

    monkeypatch.setattr(mlflow_client, "client", Client)
    monkeypatch.setattr(drift_run.mlflow_rest, "send", lambda method, call, content: taken.append((call,)))
    puts: list[str] = []
    monkeypatch.setattr(drift_run.mlflow_rest, "put_artifact", lambda path, content: puts.append(path))
    (tmp_path / "drift.html").write_text("x")
    run = drift_run.DriftRun("1", "r", {}, "s3://bucket/1/r/artifacts")
    logged = ({"a": "b"}, {f"m{number}": 1.0 for number in range(2500)}, [tmp_path / "drift.html"], "a")
    drift_run.log(run, "n", *logged)
    assert taken[0] == ("r", str(tmp_path / "drift.html"), "drift") and puts == []
    assert [call for (call, *_) in taken[1:]] == ["runs/log-batch"] * 3 + ["runs/set-tag", "runs/update"]
    for artifacts_uri in ("mlflow-artifacts:/1/r/artifacts", "mlflow-artifacts://host:5000/1/r/artifacts"):
        drift_run.log(replace(run, artifacts=artifacts_uri), "n", *logged)
    assert puts == ["1/r/artifacts/drift/drift.html"] * 2


@pytest.mark.process
def test_the_job_imports_neither_mlflow_nor_spark_nor_evidently():
    code = "import sys, jobs.report.job; print([m for m in ('mlflow', 'pyspark', 'evidently', 'xgboost') if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=settings.PROJECT_ROOT
    )
    assert found.stdout.strip() == "[]"


def row(kind: str, feature: str, statistic: str, value: float | None, limit: float | None, violated: bool) -> dict:
    identity = {"partition": dt.date(2024, 6, 10), "model_version": 3, "reason": f"about {feature}"}
    return identity | {
        "kind": kind,
        "feature": feature,
        "statistic": statistic,
        "value": value,
        "limit": limit,
        "violated": violated,
    }


def test_metrics_are_of_all_rows_and_not_of_a_slice_with_the_same_name():
    whole = row("data", "warm", "missing", 0.1, None, True) | {"slice": "all", "slice_value": "all"}
    sliced = whole | {"slice": "region", "slice_value": "a", "value": 0.9}
    assert job.metrics([sliced, whole]) == job.metrics([whole, sliced]) == {"data/missing/warm": 0.1}


def test_evidentlys_page_draws_the_score_and_what_is_near_its_limit_and_all_that_is_beyond():
    near = [row("feature", f"f{number}", "psi", 0.01 * number, 0.2, False) for number in range(12)]
    wide = row("feature", "wide", "psi", 0.5, 10.0, False)
    score = row("prediction", "score", "psi", 0.01, 0.25, False)
    quiet = [row("performance", "calibration", "calibration_gap", 0.9, 0.1, True), wide, *near, score]
    assert evidently_report.drawn(quiet) == ["score", *(f"f{number}" for number in range(11, 4, -1))]
    loud = [item | {"violated": True} if item["kind"] == "feature" and item["value"] > 0.02 else item for item in quiet]
    assert set(evidently_report.drawn(loud)) == {"score", "wide", *(f"f{number}" for number in range(3, 12))}
