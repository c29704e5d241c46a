"""A linear champion and a blend through the lifecycle: trained, judged by baselines too, scored, explained, served, repeated."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.backtest import job as backtest
from jobs.backtest.arguments import BacktestArguments
from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse import __main__ as command
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import artifacts, registry
from lakehouse.scorers import model_files
from lakehouse.storage import arrow_dataset, row_limits
from lakehouse.tables import Table
from tests.jobs import appointments
from tests.jobs.trained import without_pictures

NAME = "candidate_clinic"
DAY = appointments.START + dt.timedelta(days=40)
LAST = DAY + dt.timedelta(days=2)


def declared(root: Path, *candidates: str) -> UseCase:
    return appointments.declare(
        root / "use_cases",
        NAME,
        model={"candidates": list(candidates), "linear": {"strengths": [0.1, 1.0]}, "trials": 1},
        gate={"baselines": "compare", "min_improvement": 0.0},
        drift={"window_days": 3},
        rollout={"shadow": True},
        reasons={"top": 4, "each": 2},
    )


@dataclass
class Chain:
    """What the stages said of version 1, a linear model, and of version 2, a blend."""

    use_case: UseCase
    root: Path
    trained: list[dict[str, Any]]
    judged: list[dict[str, Any]]
    scored: dict[str, Any]
    monitored: dict[str, Any]

    def rows(self, table: Table) -> list[dict[str, Any]]:
        return list(arrow_dataset.read(table).sort_by([(name, "ascending") for name in table.key]).to_pylist())


def trained_and_judged() -> tuple[dict[str, Any], dict[str, Any]]:
    made = train.run(TrainArguments(use_case=NAME, partition=DAY, actor="tests")).as_json()
    return made, gate.run(GateArguments(use_case=NAME, partition=DAY, actor="tests")).as_json()


def score_days(**more: Any) -> dict[str, Any]:
    return score.run(ScoreArguments(use_case=NAME, partition=DAY, through=LAST, **more)).as_json()


@pytest.fixture(scope="module")
def chain(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    root = tmp_path_factory.mktemp("candidates")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(root / "warehouse"))
        environment.setenv("NIGHTJAR_HOME", str(root / "state"))
        environment.setenv("USE_CASE_ROOTS", str(root / "use_cases"))
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        appointments.fill(declared(root, "linear"), appointments.START, days=43, rows_a_day=30)
        both = [trained_and_judged()]
        use_case = declared(root, "blend")
        both.append(trained_and_judged())
        scored = score_days()
        days = {"partition": DAY, "through": LAST}
        monitored = monitor.run(MonitorArguments(use_case=NAME, actor="tests", **days)).as_json()
        yield Chain(use_case, root, [one for one, _ in both], [one for _, one in both], scored, monitored)


def version(number: int) -> registry.ModelVersion:
    return registry.version(NAME, number)


def test_the_linear_model_becomes_champion_and_its_run_says_why(chain: Chain) -> None:
    made, judged = chain.trained[0], chain.judged[0]
    assert judged["verdict"] == "promoted" and version(1).candidate == "linear" and version(2).candidate == "blend"
    assert any("of the baseline constant" in reason and "better" in reason for reason in judged["reasons"])
    assert any("of the baseline linear" in reason and "not worse" in reason for reason in judged["reasons"])
    assert {one["name"] for one in judged["evidence"]["baselines"]} == {"baseline_constant", "baseline_linear"}
    assert made["candidates"]["kind"] == "linear" and list(made["candidates"]["candidates"]) == ["linear"]
    assert model_files.load(artifacts.model_bytes(version(1))).kind == "linear"
    run = MlflowClient().get_run(made["run_id"]).data
    assert run.params["candidate"] == "linear" and float(run.params["strength"]) in (0.1, 1.0)
    assert run.metrics["rolling_log_loss_linear"] == made["candidates"]["candidates"]["linear"]["loss"]
    for file in ("model_card.md", "model_card.html"):
        text = artifacts.local_copy(version(1), f"card/{file}").read_text(encoding="utf-8")
        assert "Why this model" in text and "spread over the training rows" in text


def test_champion_and_shadow_score_as_their_files_do_in_process_and_in_workers(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, other = (1, 2) if chain.judged[1]["verdict"] == "held" else (2, 1)
    assert chain.scored["model_versions"] == [champion]
    names = chain.use_case.feature_names
    features = {(row["partition"], row["appointment"]): row for row in chain.rows(tables.features(chain.use_case))}
    scores = chain.rows(tables.scores(chain.use_case))
    assert {row["role"] for row in scores} >= {"champion"}
    for row in scores:
        known = features[row["partition"], row["appointment"]]
        matrix = np.array([[np.nan if known[name] is None else known[name] for name in names]], dtype=np.float32)
        loaded = model_files.load(artifacts.model_bytes(version(row["model_version"])))
        assert row["score"] == loaded.score(matrix)[0] and row["model_version"] in (champion, other)
    by_key: dict[Any, float] = {}
    for line in chain.rows(tables.reasons(chain.use_case)):
        key = line["partition"], line["appointment"]
        by_key[key] = by_key.get(key, line["base_value"]) + line["contribution"]
    assert len(by_key) == 12
    stored = {(row["partition"], row["appointment"]): row["score"] for row in scores if row["role"] == "champion"}
    for key, margin in by_key.items():
        assert 1 / (1 + np.exp(-margin)) == pytest.approx(stored[key], abs=1e-6)

    def lines() -> list[dict[str, Any]]:
        stamps = {"scored_at", "inputs_fingerprint"}
        found = [*chain.rows(tables.scores(chain.use_case)), *chain.rows(tables.reasons(chain.use_case))]
        return [{name: value for name, value in row.items() if name not in stamps} for row in found]

    few = lines()
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    score_days(force=True)
    assert lines() == few
    assert chain.monitored["status"]


@pytest.mark.parametrize("number", [1, 2])
def test_the_served_model_gives_the_same_scores(chain: Chain, number: int) -> None:
    served = mlflow.pyfunc.load_model(MlflowClient().get_model_version(NAME, str(number)).source)
    rows = [row for row in chain.rows(tables.features(chain.use_case)) if row["partition"] == DAY]
    names = chain.use_case.feature_names
    matrix = np.array([[np.nan if row[name] is None else row[name] for name in names] for row in rows])
    expected = model_files.load(artifacts.model_bytes(version(number))).score(matrix).astype(np.float32)
    asked = [{name: row[name] for name in reversed(names)} for row in rows]
    assert list(served.predict(asked)) == pytest.approx(list(expected), rel=1e-6)


@pytest.mark.parametrize("number", [0, 1])
def test_trained_again_from_its_record_it_is_the_same(chain: Chain, number: int) -> None:
    again = train.run(TrainArguments(like=chain.trained[number]["run_id"], actor="tests")).as_json()
    assert again["identical"] and again["differences"] == [] and again["notes"] == []


def test_a_score_is_explained_from_the_file(chain: Chain) -> None:
    reasons = {row["appointment"] for row in chain.rows(tables.reasons(chain.use_case)) if row["partition"] == DAY}
    other = next(number for number in range(30) if number not in reasons)
    out = io.StringIO()
    with redirect_stdout(out):
        words = ["explain", "--use-case", NAME, "--key", f"appointment={other}", "--partition", str(DAY)]
        assert command.main([*words, "--format", "json"]) in (0, None)
    answer = json.loads(out.getvalue())
    margin = answer["reasoned"]["base_value"] + sum(one["contribution"] for one in answer["reasoned"]["reasons"])
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(answer["score"]["score"], abs=1e-6)


def test_a_backtest_is_walked_kept_and_logged_once(chain: Chain) -> None:
    first = appointments.START + dt.timedelta(days=28)
    asked = {"use_case": NAME, "first": first, "candidates": ("linear", "boosted")}
    begun = backtest.run(BacktestArguments(last=first + dt.timedelta(days=6), **asked))
    assert begun.status == "walked" and begun.resumed == 0 and len(begun.weeks) == 1
    whole = backtest.run(BacktestArguments(last=first + dt.timedelta(days=13), **asked))
    assert whole.status == "walked" and whole.resumed == 1 and whole.weeks[0] == begun.weeks[0]
    again = backtest.run(BacktestArguments(last=first + dt.timedelta(days=13), **asked))
    assert again.status == "unchanged" and again.resumed == 2 and again.run_id == whole.run_id
    assert again.standings == whole.standings and again.weeks == whole.weeks
    client = MlflowClient()
    kept = {item.path for item in client.list_artifacts(whole.run_id, "backtest")}
    assert kept == {"backtest/weeks.json", "backtest/weeks.txt", "backtest/result.json"}
    assert [item.path for item in client.list_artifacts(whole.run_id, "plots")] == ["plots/backtest.png"]
    steps = client.get_metric_history(whole.run_id, "lifecycle_log_loss")
    assert [one.step for one in steps] == [0, 1]
    assert registry.versions(NAME)[-1].version == 2
