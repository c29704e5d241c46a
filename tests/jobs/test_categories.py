"""Categories from silver to the explanation of a score: text in gold, codes in the model, a new level named on its day."""

from __future__ import annotations

import dataclasses
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
import xgboost
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.features import batch
from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.ingest import migrate
from jobs.ingest.arguments import MigrateArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.report import job as report
from jobs.report.arguments import ReportArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse import __main__ as command
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import MigrationNeeded, MigrationRefused, ModelRefused
from lakehouse.models import artifacts, category_record, registry, xgboost_model
from lakehouse.storage import arrow_dataset, delta_log, row_limits
from tests.jobs import parcels
from tests.jobs.parcels import CARRIERS, NAME, NEW
from tests.jobs.trained import without_pictures

FIRST, LAST = 40, 44


def day(number: int) -> dt.date:
    return parcels.START + dt.timedelta(days=number)


@dataclass
class Chain:
    """A use case that was trained, promoted, scored and monitored, and what each stage gave back."""

    use_case: UseCase
    root: Path
    results: dict[str, dict[str, Any]]

    def rows(self, table: Any, *numbers: int) -> list[dict[str, Any]]:
        """The rows of a gold table, of some days."""
        made = table(self.use_case)
        found = arrow_dataset.read(made).sort_by([(name, "ascending") for name in made.key]).to_pylist()
        return [row for row in found if not numbers or row["partition"] in map(day, numbers)]


def build(first: int, last: int, **more: Any) -> dict[str, Any]:
    return features.run(FeaturesArguments(use_case=NAME, partition=day(first), through=day(last), **more)).as_json()


def score_days(**more: Any) -> dict[str, Any]:
    return score.run(ScoreArguments(use_case=NAME, partition=day(FIRST), through=day(LAST), **more)).as_json()


def monitor_days(**more: Any) -> dict[str, Any]:
    return monitor.run(
        MonitorArguments(use_case=NAME, partition=day(42), through=day(LAST), actor="tests", **more)
    ).as_json()


@pytest.fixture(scope="module")
def chain(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    root = tmp_path_factory.mktemp("parcels")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(root / "warehouse"))
        environment.setenv("NIGHTJAR_HOME", str(root / "state"))
        environment.setenv("USE_CASE_ROOTS", str(root / "use_cases"))
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        without_pictures(environment)
        use_case = parcels.declare(root / "use_cases")
        parcels.fill(use_case, 0, LAST - 1)
        # One that is new on the last day.
        parcels.fill(use_case, LAST, LAST, (*CARRIERS, NEW))
        results = {"features": build(0, LAST)}
        results["train"] = train.run(TrainArguments(use_case=NAME, partition=day(FIRST), actor="tests")).as_json()
        results["gate"] = gate.run(GateArguments(use_case=NAME, partition=day(FIRST), actor="tests")).as_json()
        results["score"] = score_days()
        results["monitor"] = monitor_days()
        yield Chain(use_case, root, results)


def champion() -> registry.ModelVersion:
    found = registry.by_alias(NAME, registry.CHAMPION)
    assert found is not None
    return found


def test_gold_has_texts_that_every_reader_reads(chain: Chain) -> None:
    types = {name: str(type_) for name, type_ in delta_log.columns(tables.features(chain.use_case)).items()}
    assert [types[name] for name in ("carrier", "zone", "express", "weight")] == ["string"] * 3 + ["double"]
    out = io.StringIO()
    with redirect_stdout(out):
        query = f"select distinct carrier, express from gold.{NAME}_features where partition = '{day(0)}'"
        assert command.main(["sql", "--format", "json", query]) == 0
    found = json.loads(out.getvalue())
    assert {row["carrier"] for row in found} == {*CARRIERS, None} and {row["express"] for row in found} == {
        "true",
        "false",
    }
    assert {row["zone"] for row in chain.rows(tables.features)} == set("1234567")


def test_the_model_carries_the_levels_that_it_has_learned(chain: Chain) -> None:
    assert chain.results["gate"]["verdict"] == "promoted"
    booster = xgboost_model.load(artifacts.model_bytes(champion()))
    levels = category_record.levels_of(booster)
    assert levels["carrier"] == tuple(sorted(CARRIERS)) and levels["express"] == ("false", "true")
    assert booster.feature_types == ["c", "c", "c", "q"] and champion().categories == ("carrier", "zone", "express")
    metrics = chain.results["train"]["metrics"]
    # The categories are what the label depends on, to the trees and to the linear baseline.
    assert metrics["model"]["roc_auc"] > 0.8 and metrics["baseline_linear"]["roc_auc"] > 0.8


def test_a_new_level_is_missing_to_the_model(chain: Chain) -> None:
    booster = xgboost_model.load(artifacts.model_bytes(champion()))
    levels = category_record.levels_of(booster)
    rows = chain.rows(tables.features, FIRST, LAST)
    codes = [
        [
            *(levels[name].index(row[name]) if row[name] in levels[name] else np.nan for name in levels),
            row["weight"],
        ]
        for row in rows
    ]
    matrix = xgboost.DMatrix(
        np.array(codes, dtype=np.float32), feature_types=["c", "c", "c", "q"], feature_names=list(booster.feature_names)
    )
    expected = dict(zip(((row["partition"], row["parcel"]) for row in rows), booster.predict(matrix), strict=True))
    found = {(row["partition"], row["parcel"]): row["score"] for row in chain.rows(tables.scores, FIRST, LAST)}
    assert found == {key: float(value) for key, value in expected.items()}
    assert any(row["carrier"] == NEW for row in rows)


def test_the_served_model_gives_the_batchs_scores(chain: Chain) -> None:
    (client,) = (mlflow.MlflowClient(),)
    model = mlflow.pyfunc.load_model(client.get_model_version(NAME, str(champion().version)).source)
    rows = chain.rows(tables.features, LAST)
    asked = [{name: row[name] for name in ("weight", "carrier", "zone", "express")} for row in rows]
    scores = [row["score"] for row in chain.rows(tables.scores, LAST)]
    assert [float(value) for value in model.predict(asked)] == scores
    # As the source has them, and not as text.
    plain = [row | {"zone": int(row["zone"]), "express": row["express"] == "true"} for row in asked]
    assert [float(value) for value in model.predict(plain)] == scores


def test_the_card_says_which_levels_there_are(chain: Chain) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(run_id=chain.results["train"]["run_id"], artifact_path="card"))
    for file in ("model_card.md", "model_card.html"):
        text = (folder / file).read_text()
        assert "Categories" in text and "été" in text and "express" in text


def test_the_new_level_is_counted_and_named_on_its_day(chain: Chain) -> None:
    result = chain.results["monitor"]
    assert result["new_categories"] == {"carrier": 4} and [one["new_categories"] for one in result["days"][:2]] == [
        {},
        {},
    ]
    words = f"new categories of carrier: 4 of 30 rows of {day(LAST)}: {NEW} (4)"
    assert words in result["reasons"]
    drift = {(row["partition"], row["kind"], row["feature"]): row for row in chain.rows(tables.drift)}
    of_day = drift[day(LAST), "new category", "carrier"]
    assert (of_day["value"], of_day["violated"], of_day["reason"]) == (4.0, False, words)
    assert drift[day(43), "new category", "carrier"]["value"] == 0
    assert drift[day(LAST), "feature", "carrier"]["value"] > drift[day(43), "feature", "carrier"]["value"]
    named = [row for row in chain.rows(tables.drift_counts) if row["kind"] == "new category"]
    assert [(row["name"], row["level"], row["rows"]) for row in named] == [("carrier", NEW, 4)]


def test_reasons_have_the_level_and_explain_shows_it(chain: Chain) -> None:
    rows = chain.rows(tables.reasons, LAST)
    texts = {(row["partition"], row["parcel"]): row for row in chain.rows(tables.features, LAST)}
    categories = chain.use_case.category_names
    for row in rows:
        truth = texts[row["partition"], row["parcel"]]
        if row["feature"] in categories:
            assert row["value"] is None and row["level"] == truth[row["feature"]]
        else:
            assert row["level"] is None and row["value"] == truth.get(row["feature"])
    assert {row["feature"] for row in rows} & set(categories)
    chosen = next(row for row in rows if row["level"])
    stored = explained(chosen["parcel"])
    assert f'{chosen["feature"]} = "{chosen["level"]}"' in stored and "stored with the score" in stored
    # One whose reasons are not stored, and are computed.
    other = next(key for _, key in texts if key not in {row["parcel"] for row in rows})
    assert "computed now" in explained(other)
    answer = json.loads(explained(other, "--format", "json"))
    assert {type(reason["value"]) for reason in answer["reasoned"]["reasons"]} <= {str, float, type(None)}


def explained(parcel: int, *more: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert command.main(
            ["explain", "--use-case", NAME, "--key", f"parcel={parcel}", "--partition", str(day(LAST)), *more]
        ) in (
            0,
            None,
        )
    return out.getvalue()


def test_everything_again_changes_nothing(chain: Chain) -> None:
    assert build(0, LAST)["status"] == "unchanged"
    assert (
        train.run(TrainArguments(use_case=NAME, partition=day(FIRST), actor="tests")).as_json()["status"] == "unchanged"
    )
    assert score_days()["status"] == "unchanged" and monitor_days()["status"] == "unchanged"


def test_trained_again_from_its_record_it_is_the_same(chain: Chain) -> None:
    again = train.run(TrainArguments(like=chain.results["train"]["run_id"], actor="tests")).as_json()
    assert again["identical"] and again["differences"] == []


def test_many_rows_give_what_few_give(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = {"scored_at", "features_version", "inputs_fingerprint"}

    def all_rows() -> list[dict[str, Any]]:
        made = (tables.features, tables.scores, tables.reasons, tables.drift_counts, tables.drift)
        found = [row for table in made for row in chain.rows(table)]
        return [{name: value for name, value in row.items() if name not in stamps} for row in found]

    few = all_rows()
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    monkeypatch.setattr(batch, "COLLECTED_VALUES", 0)
    build(FIRST, LAST, force=True)
    score_days(force=True)
    counts = tables.drift_counts(chain.use_case)
    DeltaTable(delta_log.location(counts)).delete()
    monitor_days()
    assert all_rows() == few


def test_the_page_of_the_day_has_categories(chain: Chain, tmp_path: Path) -> None:
    arguments = ReportArguments(use_case=NAME, partition=day(LAST))
    assert report.run(arguments).as_json()["rows"] is None
    with_evidently = dataclasses.replace(arguments, evidently=True)
    result = report.run(with_evidently).as_json()
    # Evidently's page is added to the run, which keeps ours.
    assert result["status"] == "reported" and result["rows"] == 4 * parcels.ROWS
    folder = Path(mlflow.artifacts.download_artifacts(run_id=result["run_id"], artifact_path="drift"))
    assert {file.name for file in folder.iterdir()} == {"drift.html", "drift.json", "evidently.html", "evidently.json"}
    for name in ("drift.json", "evidently.json"):
        assert "carrier" in (folder / name).read_text() and "weight" in (folder / name).read_text()
    assert report.run(with_evidently).as_json()["status"] == report.run(arguments).as_json()["status"] == "unchanged"


def test_a_feature_of_another_type_asks_for_a_migration_and_a_training(chain: Chain) -> None:
    """Last: it changes the declaration and the table."""
    roots = chain.root / "use_cases"
    numbers = [feature | {"type": "number"} if feature["name"] == "zone" else feature for feature in parcels.FEATURES]
    parcels.declare(roots, features=numbers)
    with pytest.raises(MigrationNeeded, match=r"zone is string, expected double; .* migrate .* --use-case NAME"):
        build(LAST, LAST)
    with pytest.raises(
        MigrationNeeded, match=r"zone is string, expected double; nothing was read: .* migrate --use-case parcels"
    ):
        train.run(TrainArguments(use_case=NAME, partition=day(FIRST), actor="tests"))
    with pytest.raises(
        ModelRefused, match="found zone, which was a category in training and is a number now; train a new"
    ):
        score_days(force=True)
    assert migrate.run(MigrateArguments(use_case=NAME, actor="tests")).as_json()["status"] == "migrated"
    assert build(LAST, LAST)["status"] == "built"
    assert {
        row["zone"] for row in arrow_dataset.read(tables.features(parcels.declare(roots, features=numbers))).to_pylist()
    } == {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}
    all_numbers = [feature | {"type": "number"} for feature in parcels.FEATURES]
    parcels.declare(roots, features=all_numbers)
    with pytest.raises(MigrationRefused, match="declared under another name, and needs no migration"):
        migrate.run(MigrateArguments(use_case=NAME, actor="tests"))
