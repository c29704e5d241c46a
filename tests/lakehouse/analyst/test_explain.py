"""``python -m lakehouse explain`` on little tables that delta-rs wrote: no Spark, no JVM, and mostly no MLflow."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse import fingerprints, tables
from lakehouse.__main__ import main
from lakehouse.analyst import keys, text_report
from lakehouse.analyst.shap_reasons import Reason, ScoreReasons
from lakehouse.declaration import UseCase, loader
from lakehouse.evaluation import shap_values
from lakehouse.models import artifacts, registry, xgboost_model
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds, erasures, model_events
from lakehouse.storage import delta_log, table_schema, table_shape
from lakehouse.tables import Table
from tests.jobs import appointments

DAY = dt.date(2024, 2, 10)
AT = dt.datetime(2024, 2, 10, 3, tzinfo=dt.UTC)
VALUES = [[1.0, 0.25, 40.0], [9.0, None, 20.0], [3.0, 0.0, 71.0]]


def write(table: Table, rows: list[dict[str, Any]]) -> None:
    table_shape.create(table)
    content = pa.Table.from_pylist(
        [{name: row.get(name) for name in table.column_names} for row in rows], table_schema.arrow_schema(table)
    )
    write_deltalake(
        delta_log.location(table), content, mode="overwrite", predicate=f"partition = DATE '{rows[0]['partition']}'"
    )


@pytest.fixture(scope="module")
def model() -> bytes:
    import xgboost

    dice = np.random.default_rng(3)
    rows = dice.random((300, 3)) * [10, 1, 80]
    label = (rows[:, 0] / 10 + rows[:, 1] > 1).astype(float)
    rows[dice.random(rows.shape) < 0.1] = np.nan
    parameters = {"objective": "binary:logistic", "max_depth": 3, "seed": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(rows, label=label), 20)
    return bytes(booster.save_raw("ubj"))


@pytest.fixture
def clinic(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, model: bytes) -> UseCase:
    """Three scored appointments, the first with stored reasons, and no MLflow that answers."""
    monkeypatch.setenv("USE_CASE_ROOTS", str(lakehouse_root.parent / "explained"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    use_case = appointments.declare(lakehouse_root.parent / "explained")
    inputs = {f"bookings {DAY}": "a1", **{f"visits {DAY - dt.timedelta(days=n)}": "b,c" for n in (1, 2)}}
    features_by = builds.record(tables.features(use_case), {DAY: inputs})[DAY]
    scores_by = builds.record(tables.scores(use_case), {DAY: {"features": features_by, "model version": "1"}})[DAY]
    reasons_by = builds.record(tables.reasons(use_case), {DAY: {"scores": scores_by}})[DAY]
    common = {"partition": DAY, "prediction_time": AT}
    rows = [
        {**common, "appointment": number, **dict(zip(use_case.feature_names, values, strict=True))}
        for number, values in enumerate(VALUES, start=1)
    ]
    write(tables.features(use_case), [row | {"inputs_fingerprint": features_by} for row in rows])
    matrix = np.array([[math.nan if v is None else v for v in values] for values in VALUES], dtype=np.float32)
    found = xgboost_model.load(model).inplace_predict(matrix)
    scored = {
        **{"role": "champion", "model_name": use_case.name, "model_version": 1, "threshold": 0.5, "run_id": "ab12"},
        **{"features_version": 1, "code_version": "0.1.0+abc", "scored_at": AT, "chosen_by": "champion"},
        **{"inputs_fingerprint": scores_by},
    }
    write(
        tables.scores(use_case),
        [row | scored | {"score": float(s), "decision": bool(s >= 0.5)} for row, s in zip(rows, found, strict=True)],
    )
    why = [("lead_days", 1.0, 0.75), ("age", None, -0.5), (shap_values.OTHERS, None, 0.125)]
    write(
        tables.reasons(use_case),
        [
            {**common, "appointment": 1, "role": "champion", "model_version": 1, "rank": rank, "feature": name}
            | {"value": value, "contribution": amount, "base_value": -1.0, "inputs_fingerprint": reasons_by}
            for rank, (name, value, amount) in enumerate(why, start=1)
        ],
    )
    evidence = {
        "windows": {"train": "2024-01-01..2024-01-26", "holdout": "2024-02-03..2024-02-09"},
        "rows": {"train": 650, "holdout": 175},
        "metrics": {"model": {"log_loss": 0.3, "roc_auc": None}, "baseline_constant": {"log_loss": 0.69}},
    }
    for event, actor, reason in (("registered", "job", "trained for"), ("promoted", "airflow:eve", "no champion yet")):
        model_events.record(model_events.Event(use_case.name, 1, event, None, actor, reason, evidence, "ab12", AT))
    return use_case


def told(capsys: pytest.CaptureFixture[str], *key: str, day: str = "2024-02-10", form: str = "text") -> tuple[int, str]:
    parts = [part for one in key for part in ("--key", one)]
    code = main(["explain", "--use-case", "appointments", *parts, "--partition", day, "--format", form])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.fixture
def reachable(clinic: UseCase, model: bytes, monkeypatch: pytest.MonkeyPatch) -> ModelVersion:
    """A registry that knows the version, whose file this machine has fetched before."""
    tags = {registry.TAG_FEATURES: ",".join(clinic.feature_names), "trained_for": "2024-02-10"}
    known = ModelVersion(clinic.name, 1, "ab12", {**tags, registry.TAG_SHA256: hashlib.sha256(model).hexdigest()})
    monkeypatch.setattr(registry, "version", lambda name, number: known)
    monkeypatch.setattr(artifacts, "_download", lambda *_: pytest.fail("the cached file is right"))
    cached = artifacts._cached(known, artifacts.MODEL)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(model)
    return known


def test_a_score_is_told_in_plain_words_without_mlflow(clinic: UseCase, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "appointment=1")
    assert code == 0
    for words in (
        "Appointments that will be missed: appointment=1 on 2024-02-10",
        "below the threshold 0.500: decided no",
        "version 1 of appointments, as champion, at 2024-02-10 03:00:00 UTC, being champion when the day was first scored",
        "Why (stored with the score; exact SHAP contributions, in log-odds)",
        "Every row starts at -1.000, a chance of 0.269",
        "Its reasons make that -0.625, a chance of 0.349",
        "Trained on 2024-01-01..2024-01-26 (650 rows), measured on 2024-02-03..2024-02-09 (175 rows)",
        "This model: log loss 0.3.",
        "Baseline constant: log loss 0.69.",
        "2024-02-10 03:00:00 UTC  promoted by airflow:eve: no champion yet",
        "visits: 2 day(s) from 2024-02-08 to 2024-02-09, 4 deliveries, 2 day(s) with corrections",
        "what the registry knows of the model: MLflow at http://127.0.0.1:9: expected an answer",
    ):
        assert words in said
    flat = [" ".join(line.split()) for line in said.splitlines()]
    assert "raises the chance +0.750 lead_days = 1 lead_days" in flat
    assert "lowers the chance -0.500 age = not known age" in flat
    assert "raises the chance +0.125 all other features together" in flat
    assert "missed_before 0.25 missed_before" in flat


def test_reasons_that_are_not_stored_are_computed_and_add_up_to_the_score(
    reachable: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = told(capsys, "appointment=2", form="json")
    assert code == 0
    answer = json.loads(said)
    assert answer["missing"] == [] and answer["reasoned"]["stored"] is False
    assert {r["feature"] for r in answer["reasoned"]["reasons"]} == set(appointments.FEATURES)
    total = answer["reasoned"]["base_value"] + sum(r["contribution"] for r in answer["reasoned"]["reasons"])
    assert 1 / (1 + math.exp(-total)) == pytest.approx(answer["score"]["score"], abs=1e-6)
    assert answer["features"] == {"lead_days": 9.0, "missed_before": None, "age": 20.0}
    assert answer["model"]["trained_for"] == "2024-02-10"
    assert answer["built_from"]["features"][f"bookings {DAY}"] == "a1"


def test_reasons_of_scores_that_were_replaced_since_are_not_told(
    clinic: UseCase, reachable: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    # A run that was killed after its scores: the reasons are those of the scores before.
    table = tables.reasons(clinic)
    by = builds.record(table, {DAY: {"scores": fingerprints.digest("others")}})[DAY]
    row = {"partition": DAY, "appointment": 1, "role": "champion", "model_version": 1, "rank": 1, "feature": "age"}
    write(table, [row | {"contribution": 9.0, "base_value": 0.0, "inputs_fingerprint": by}])
    code, said = told(capsys, "appointment=1")
    assert code == 0 and "computed now" in said and "+9.000" not in said


def test_what_can_not_be_had_is_said_and_the_rest_is_told(clinic: UseCase, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "appointment=2")
    assert code == 0 and "decided yes" in said
    assert "the reasons: none are stored for this row" in said and "MLflow at http://127.0.0.1:9" in said


def test_a_model_file_that_was_changed_explains_nothing(
    clinic: UseCase, reachable: ModelVersion, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = artifacts._cached(reachable, artifacts.MODEL)
    cached.write_bytes(b"poison")
    monkeypatch.setattr(artifacts, "_download", lambda model, path, target: target.write_bytes(b"poison"))
    code, said = told(capsys, "appointment=2")
    assert code == 0 and "expected a file with SHA-256" in said and not cached.exists()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "appointment=4",
            "2024-02-10 has no appointment=4 among its 3 rows; no accepted row of bookings has it on 2024-02-10; most alike: ",
        ),
        ("clinic=7", "'clinic' is no key column of appointments; expected appointment"),
        ("appointment=one", "--key appointment: expected a whole number within 32 bits, found 'one'"),
        ("appointment=1,appointment=2", "appointment is given twice"),
        ("appointment", "--key: expected appointment=..., found 'appointment'"),
        ("", "--key: expected appointment=..., found ''"),
        ("appointment=1' OR '1'='1", "expected a whole number"),
        ("appointment=1; DROP TABLE scores", "expected a whole number"),
        ("appointment=" + "9" * 5000, "expected a whole number"),
        ("appointment=3000000000", "expected a whole number within 32 bits, found '3000000000'"),
    ],
)
def test_a_wrong_key_is_explained(clinic: UseCase, capsys: pytest.CaptureFixture[str], key: str, expected: str) -> None:
    code, said = told(capsys, key)
    assert code == 2 and expected in said and len(said) < 1000


def test_an_entity_without_a_score_is_told_what_became_of_it(
    clinic: UseCase, capsys: pytest.CaptureFixture[str]
) -> None:
    source = clinic.source("bookings")
    delivered = {"partition": DAY, "delivery_id": "a1", "raw": "...", "ingested_at": AT}
    lines = [{**delivered, "appointment": str(number), "line": number} for number in (4, 5, 6)]
    write(tables.bronze(source), lines)
    write(tables.rejects(source), [{**delivered, "line": 5, "reasons": "clinic: expected a text"}])
    write(tables.silver(source), [{**delivered, "appointment": 6, "line": 6}])
    erasures.ask("bookings", "7", "asked for", "eve", AT)
    for number, expected in (
        (4, "no accepted row of bookings has it on 2024-02-10"),
        (
            5,
            "its row was rejected by the contract of bookings: clinic: expected a text; silver.bookings_rejects has it",
        ),
        (6, "it is in the population of 2024-02-10, and was not scored"),
        (7, "it was erased from bookings (docs/erasure.md), and stays out"),
    ):
        code, said = told(capsys, f"appointment={number}")
        assert code == 2 and expected in said


def test_a_wrong_day_names_the_nearest_that_there_is(clinic: UseCase, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "appointment=1", day="2024-02-12")
    assert code == 2 and "1 day(s) from 2024-02-10 to 2024-02-10; nearest: 2024-02-10" in said
    code, said = told(capsys, "appointment=1", day="../2024-02")
    assert code == 2 and "expected a day as YYYY-MM-DD, found '../2024-02'" in said


def test_a_use_case_that_is_not_declared_is_named(clinic: UseCase, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--use-case", "../x", "--key", "a=1", "--partition", "2024-02-10"]) == 2
    assert "there is no use case '../x'; declared are: appointments" in capsys.readouterr().err


def test_values_may_have_commas_and_keys_may_be_given_in_parts(lakehouse_root: Path) -> None:
    from lakehouse.declaration import loader

    bakery = loader.by_name("bakery_sales")
    assert keys.parse(bakery, ["shop=a,b,bread=rye"]) == {"shop": "a,b", "bread": "rye"}
    assert keys.parse(bakery, ["shop=x", "bread=rye"]) == {"shop": "x", "bread": "rye"}


@pytest.mark.parametrize(
    ("objective", "unit", "start", "end"),
    [
        ("count:poisson", "natural logarithms of the value", "+2.000, a value of 7.389", "+2.500, a value of 12.18"),
        ("reg:logistic", "log-odds", "+2.000, a value of 0.8808", "+2.500, a value of 0.9241"),
        ("reg:absoluteerror", "the unit of the value", "at 2", "make that 2.5:"),
    ],
)
def test_the_scale_of_the_contributions_is_that_of_the_objective(
    tmp_path: Path, objective: str, unit: str, start: str, end: str
) -> None:
    file = (
        shutil.copytree(Path(__file__).parents[2] / "use_cases" / "bakery_sales", tmp_path / "bakery_sales")
        / loader.FILE
    )
    file.write_text(
        file.read_text().replace("  task: regression", f"  task: regression\n  fixed: {{objective: '{objective}'}}")
    )
    use_case = loader.load(file)
    reasoned = ScoreReasons(2.0, (Reason("price", 3.0, 0.75), Reason("planned", None, -0.25)), stored=True)
    said = "\n".join(text_report._reasons(use_case, SimpleNamespace(reasoned=reasoned)))  # type: ignore[arg-type]
    assert f"in {unit})" in said and start in said and end in said
    columns = {column.name: column.description for column in tables.reasons(use_case).columns}
    assert f"in {unit}" in columns["contribution"] and f"in {unit}" in columns["base_value"]
