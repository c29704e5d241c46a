import datetime as dt

import pandas as pd
import pytest

from jobs.report import drift_run, job, page
from jobs.report.arguments import ReportArguments
from lakehouse.declaration import loader
from lakehouse.errors import InputsMissing
from lakehouse.models import artifacts, mlflow_client, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import partition_rows

DAY = dt.date(2024, 6, 10)


def row(kind: str, feature: str, statistic: str, value: float | None, limit: float | None, violated: bool) -> dict:
    return {
        "partition": DAY,
        "model_version": 3,
        "kind": kind,
        "feature": feature,
        "statistic": statistic,
        "value": value,
        "limit": limit,
        "violated": violated,
        "reason": f"about {feature}",
    }


ROWS = [
    row("feature", "warm", "psi", 0.5, 0.2, True),
    row("prediction", "score", "psi", None, 0.25, False),
    row("verdict", "all", "violated", 1.0, None, True),
]


@pytest.fixture
def reported(lakehouse_root, tmp_path, monkeypatch) -> list[dict]:
    """The drift table, the registry and the drawing in memory; MLflow is real, on a database of its own."""
    rows = [dict(item) for item in ROWS]
    frame = pd.DataFrame({"warm": [1.0], "score": [0.5]})
    frame.to_parquet(tmp_path / "reference.parquet")

    def write(current, reference, limits, drawn, drift_share, folder):
        assert limits == {"warm": 0.2, "score": 0.25} and drawn == ["warm"]
        (folder / "drift.html").write_text("<html>")
        return [folder / "drift.html"]

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loader, "by_name", lambda name: loader.declared()[0])
    monkeypatch.setattr(partition_rows, "read", lambda table, days: rows)
    monkeypatch.setattr(registry, "version", lambda name, number: ModelVersion(name, number, "r", {}))
    monkeypatch.setattr(artifacts, "local_copy", lambda model, path: tmp_path / "reference.parquet")
    monkeypatch.setattr(job, "_window", lambda *arguments: frame)
    monkeypatch.setattr(page, "write", write)
    return rows


def report() -> dict:
    return job.run(ReportArguments(use_case="any", partition=DAY)).as_json()


def test_a_day_has_one_run_that_is_kept_while_its_numbers_stay_and_made_anew_when_they_change(reported):
    name = loader.declared()[0].name
    first = report()
    assert first["status"] == "reported"
    assert report() == {"status": "unchanged", "run_id": first["run_id"], "url": first["url"], "rows": None}

    reported[0]["value"] = 0.75
    assert report()["run_id"] == first["run_id"]

    client = mlflow_client.client()
    kept = client.get_run(first["run_id"])
    assert kept.info.run_name == "drift 2024-06-10" and kept.info.status == "FINISHED"
    assert kept.data.metrics == {"feature/psi/warm": 0.75, "verdict/violated/all": 1.0}
    wanted = {
        "kind": "drift",
        "use_case": name,
        "partition": "2024-06-10",
        "model_version": "3",
        "reasons": "about all",
    }
    assert wanted.items() <= kept.data.tags.items()
    files = client.list_artifacts(first["run_id"], drift_run.FOLDER)
    assert [file.path for file in files] == ["drift/drift.html"]


def test_a_day_that_was_not_monitored_names_the_command_to_run_first(reported):
    reported.clear()
    with pytest.raises(InputsMissing, match=r"python -m jobs monitor --use-case .* --partition 2024-06-10"):
        report()


def test_the_page_draws_the_score_and_what_is_near_its_limit_and_all_that_is_beyond():
    near = [row("feature", f"f{number}", "psi", 0.01 * number, 0.2, False) for number in range(12)]
    wide = row("feature", "wide", "psi", 0.5, 10.0, False)
    score = row("prediction", "score", "psi", 0.01, 0.25, False)
    quiet = [row("performance", "calibration", "calibration_gap", 0.9, 0.1, True), wide, *near, score, ROWS[-1]]
    assert job.drawn(quiet) == ["score", *(f"f{number}" for number in range(11, 4, -1))]
    loud = [item | {"violated": True} if item["kind"] == "feature" and item["value"] > 0.02 else item for item in quiet]
    assert set(job.drawn(loud)) == {"score", "wide", *(f"f{number}" for number in range(3, 12))}
