"""A label of three classes through the chain: trained, judged, scored, delivered, watched and explained."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deltalake import DeltaTable
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.calibrate import job as calibrate
from jobs.calibrate.arguments import CalibrateArguments
from jobs.deliver import job as deliver
from jobs.deliver.arguments import DeliverArguments
from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.monitor import job as monitor
from jobs.monitor.arguments import MonitorArguments
from jobs.report import job as report
from jobs.report.arguments import ReportArguments
from jobs.score import job as score
from jobs.score.arguments import ScoreArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse import settings, tables
from lakehouse.__main__ import main
from lakehouse.analyst import query
from lakehouse.declaration import UseCase, class_names
from lakehouse.errors import ModelRefused, TrainingDataMissing
from lakehouse.evaluation import shap_values
from lakehouse.models import artifacts, mlflow_client, registry, xgboost_model
from lakehouse.models.class_decision import ClassRule
from lakehouse.storage import day_parts, delta_log, row_limits
from lakehouse.tables import Table
from tests.examples.chain import place
from tests.jobs import cards
from tests.jobs.cards import CLASSES, UNDECLARED, day

NAME = "cards_chain"
TRAINED_FOR, NEXT = 40, 48
COLUMNS = ("probability_basic", "probability_gold_card", "probability_platinum")
# On these days customers are richer, and hardly anyone takes the basic card.
RICHER = (49, 50, 51)


@dataclass
class Chain:
    """What the stages said, one after the other."""

    use_case: UseCase
    root: Path
    trained: dict[str, Any]
    judged: dict[str, Any]
    scored: dict[str, Any]
    monitored: dict[str, Any]


def run_score(first: int, last: int, **more: Any) -> dict[str, Any]:
    return score.run(ScoreArguments(use_case=NAME, partition=day(first), through=day(last), **more)).as_json()


def run_monitor(first: int, last: int, **more: Any) -> dict[str, Any]:
    return monitor.run(MonitorArguments(use_case=NAME, partition=day(first), through=day(last), **more)).as_json()


@pytest.fixture(scope="module")
def chain(spark: SparkSession, mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Trained, promoted, scored for a dozen days and monitored; the last three days are others than those before."""
    root = tmp_path_factory.mktemp("cards")
    with place(root, root / "use_cases"), pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        use_case = declared(root)
        cards.fill(use_case, range(48))
        # Nobody takes the best card on one day; later customers are richer.
        cards.fill(use_case, [48], without=["platinum"])
        cards.fill(use_case, RICHER, richer=0.6)
        trained = train.run(TrainArguments(use_case=NAME, partition=day(TRAINED_FOR), actor="tests")).as_json()
        judged = gate.run(GateArguments(use_case=NAME, partition=day(TRAINED_FOR), actor="tests")).as_json()
        scored = run_score(TRAINED_FOR, 51)
        monitored = run_monitor(TRAINED_FOR, 51)
        yield Chain(use_case, root, trained, judged, scored, monitored)


def declared(root: Path, **sections: Any) -> UseCase:
    out = {"deliver": [{"name": "out", "files": {"folder": str(root / "out")}}]}
    return cards.declare(root / "use_cases", NAME, **out, **{"drift": {"estimate": "isotonic"}, **sections})


def rows_of(table: Table, *without: str) -> list[dict[str, Any]]:
    """All rows, read by delta-rs, in the order of their keys."""
    rows = DeltaTable(delta_log.location(table)).to_pyarrow_table().to_pylist()
    kept = [{name: value for name, value in row.items() if name not in without} for row in rows]
    return sorted(kept, key=lambda row: repr([row[name] for name in table.key]))


def sql(text: str) -> list[tuple[Any, ...]]:
    """The rows of DuckDB's answer."""
    return list(query.ask(settings.load().lakehouse_root, text).rows)


def test_training_measures_the_whole_and_each_class(chain: Chain) -> None:
    made, metrics = chain.trained, chain.trained["metrics"]["model"]
    assert made["status"] == "registered" and made["threshold"] is None
    assert metrics["log_loss"] < chain.trained["metrics"]["baseline_constant"]["log_loss"]
    assert metrics["accuracy"] > 0.6 and metrics["macro_roc_auc"] > 0.8
    recalls = [metrics[f"recall_{name}"] for name in ("basic", "gold_card", "platinum")]
    assert metrics["macro_recall"] == pytest.approx(np.mean(recalls))
    # Missing a platinum customer costs most: more are decided for it than for what is likeliest.
    assert metrics["recall_platinum"] > metrics["precision_platinum"]
    lines = {(line["true"], line["decided"]): line["rows"] for line in made["confusion"]}
    assert set(lines) == {(one, other) for one in CLASSES for other in CLASSES}
    assert sum(lines.values()) == made["rows"]["holdout"] == 7 * 37
    assert sum(lines[name, name] for name in CLASSES) / 259 == pytest.approx(metrics["accuracy"])
    assert {f"calibration_slope_{name}" for name in ("basic", "gold_card", "platinum")} <= set(made["recalibration"])
    # One row a day has a value that is no class, one an empty one, one none at all.
    assert made["rows"]["unlabelled"] == 3 * (25 + 6 + 7) and made["undeclared_labels"] == {UNDECLARED: 40}


def test_the_run_has_pictures_tables_and_a_card(chain: Chain) -> None:
    client = MlflowClient()
    model = registry.version(NAME, 1)
    plots = {Path(item.path).stem for item in client.list_artifacts(model.run_id, "plots")}
    assert {"confusion_matrix", "calibration_by_class", "roc_by_class", "feature_importance", "slices"} <= plots
    tables_of_run = {item.path for item in client.list_artifacts(model.run_id, "evaluation")}
    assert tables_of_run == {"evaluation/confusion.json", "evaluation/slices.json"}
    logged = client.get_run(model.run_id).data
    assert {"holdout_macro_f1", "holdout_recall_gold_card", "validation_log_loss"} <= set(logged.metrics)
    assert logged.params["num_class"] == "3"
    card = artifacts.local_copy(model, "card/model_card.html").read_text(encoding="utf-8")
    for text in ("Each class", "decided gold card", "What a decision costs", "expected cost is least", "one of Basic"):
        assert text in card
    markdown = artifacts.local_copy(model, "card/model_card.md").read_text(encoding="utf-8")
    assert "| class that came | decided Basic | decided gold card | decided platinum |" in markdown


def test_the_gate_judges_by_what_training_measured(chain: Chain) -> None:
    judged = chain.judged
    assert judged["verdict"] == "promoted", judged["reasons"]
    assert judged["metrics"]["challenger"] == pytest.approx(chain.trained["metrics"]["model"])
    kept = "; ".join(judged["reasons"])
    for text in ("macro f1", "recall platinum", "calibration error", "macro recall of 2 slices of region"):
        assert text in kept


def test_scores_are_readable_and_the_decision_costs_least(chain: Chain) -> None:
    found = rows_of(tables.scores(chain.use_case))
    assert len(found) == 12 * 40 and chain.scored["rows"] == 12 * 40
    probability = np.array([[row[name] for name in COLUMNS] for row in found])
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-6)
    costs = np.array(class_names.cost_matrix(chain.use_case.model, chain.use_case.label))
    assert [row["decision"] for row in found] == [CLASSES[number] for number in np.argmin(probability @ costs, axis=1)]
    assert {row["threshold"] for row in found} == {None}
    for row, values in zip(found, probability, strict=True):
        assert row["score"] == values[CLASSES.index(row["decision"])]
    # Not always what is likeliest.
    assert any(row["score"] < values.max() for row, values in zip(found, probability, strict=True))
    by_sql = sql(f"select decision, count(*) from gold.{NAME}_scores group by decision order by decision")
    assert sum(count for _, count in by_sql) == 480 and {name for name, _ in by_sql} == set(CLASSES)


def test_what_mlflow_serves_is_what_is_scored(chain: Chain) -> None:
    import mlflow
    import pandas as pd

    names = list(chain.use_case.feature_names)
    features = rows_of(tables.features(chain.use_case))
    expected = {(row["customer"], row["partition"]): row for row in rows_of(tables.scores(chain.use_case))}
    chosen = [row for row in features if row["partition"] == day(45)]
    served = mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict(pd.DataFrame(chosen)[names])
    assert list(served.columns) == ["decision", *COLUMNS]
    for row, answer in zip(chosen, served.to_dict("records"), strict=True):
        assert answer == {name: expected[row["customer"], row["partition"]][name] for name in answer}


def test_stored_reasons_are_the_decided_classs_contributions(chain: Chain) -> None:
    import xgboost

    found = rows_of(tables.reasons(chain.use_case))
    assert chain.scored["reasons"] == {"days": 12, "rows": 12 * 4 * 3} and len(found) == 12 * 4 * 3
    booster = xgboost_model.load(artifacts.model_bytes(registry.version(NAME, 1)))
    names = list(chain.use_case.feature_names)
    features = {(row["customer"], row["partition"]): row for row in rows_of(tables.features(chain.use_case))}
    scores = {(row["customer"], row["partition"]): row for row in rows_of(tables.scores(chain.use_case))}
    for first in [row for row in found if row["rank"] == 1][:8]:
        where = first["customer"], first["partition"]
        assert first["decision"] == scores[where]["decision"]
        row = np.array([[features[where][name] for name in names]], dtype=np.float32)
        whole = booster.predict(xgboost.DMatrix(row, feature_names=names), pred_contribs=True)[0]
        own = whole[CLASSES.index(first["decision"])]
        assert first["contribution"] == own[names.index(first["feature"])] and first["base_value"] == own[-1]


def test_outcomes_name_what_came_and_monitoring_what_is_no_class(chain: Chain) -> None:
    found = rows_of(tables.outcomes(chain.use_case))
    undeclared = [row for row in found if row["label_class"] == UNDECLARED]
    assert undeclared and {row["label"] for row in undeclared} == {None}
    labelled = [row for row in found if row["label"] is not None]
    assert all(row["label_class"] == CLASSES[int(row["label"])] for row in labelled)
    assert chain.monitored["undeclared_labels"] == {UNDECLARED: 1}


def test_the_confusion_matrix_of_every_day_can_be_asked_for_in_sql(chain: Chain) -> None:
    performance = f"gold.{NAME}_performance"
    by_sql = sql(
        f"select slice_value, metric, value from {performance} where slice = 'class' and metric like 'decided_%' "
        f"and partition = '{day(44)}' order by all"
    )
    scores = {row["customer"]: row for row in rows_of(tables.scores(chain.use_case)) if row["partition"] == day(44)}
    outcomes = [row for row in rows_of(tables.outcomes(chain.use_case)) if row["partition"] == day(44)]
    expected: dict[tuple[str, str], float] = {}
    for row in outcomes:
        if row["label"] is not None:
            decided = class_names.in_column(scores[row["customer"]]["decision"])
            place = row["label_class"], f"decided_{decided}"
            expected[place] = expected.get(place, 0) + 1
    assert {(true, metric): value for true, metric, value in by_sql if value} == expected
    assert len(by_sql) == 9


def test_a_class_that_nobody_took_has_no_recall_that_day_and_the_others_still_have(chain: Chain) -> None:
    found = {
        (row["slice"], row["slice_value"], row["metric"]): row
        for row in rows_of(tables.performance(chain.use_case))
        if row["partition"] == day(48)
    }
    assert found["class", "platinum", "recall"]["value"] is None
    assert found["class", "platinum", "decided_platinum"]["labelled_rows"] == 0
    others = [found["class", name, "recall"]["value"] for name in CLASSES[:2]]
    assert found["all", "all", "macro_recall"]["value"] == pytest.approx(np.mean(others))
    assert found["all", "all", "log_loss"]["value"] > 0 and found["region", "north", "macro_f1"]["value"] is not None


def test_the_drift_of_the_classes_names_the_one_that_moved(chain: Chain) -> None:
    found = {(row["partition"], row["kind"], row["feature"]): row for row in rows_of(tables.drift(chain.use_case))}
    ordinary, moved = found[day(44), "prediction", "decision"], found[day(51), "prediction", "decision"]
    assert not ordinary["violated"] and moved["violated"]
    assert "most of it by Basic" in moved["reason"] or "most of it by platinum" in moved["reason"]
    assert moved["reason"] in chain.monitored["reasons"]
    gap = found[day(44), "performance", "calibration"]
    assert gap["value"] is not None and "probabilities of " in gap["reason"]


def test_the_drift_page_has_the_decided_classes_by_name_and_their_quality(chain: Chain, tmp_path: Path) -> None:
    result = report.run(ReportArguments(use_case=NAME, partition=day(51)))
    file = mlflow_client.download(str(result.run_id), "drift/drift.json", tmp_path)
    made = json.loads(file.read_text(encoding="utf-8"))
    (decided,) = [card for card in made["drifted"]["cards"] if card["name"] == "decision"]
    assert [bar["label"] for bar in decided["distribution"]["bars"]] == list(CLASSES)
    # The window has three days.
    scored = [row for row in rows_of(tables.scores(chain.use_case)) if day(49) <= row["partition"] <= day(51)]
    for bar in decided["distribution"]["bars"]:
        share = sum(row["decision"] == bar["label"] for row in scored) / len(scored)
        assert bar["now"] == pytest.approx(share)
    # Accuracy beside its estimate, which the chain declares.
    charts = {chart["name"].split(",")[0] for chart in made["quality"]["charts"]}
    assert charts == {"log loss", "accuracy", "calibration gap"}


def test_quality_is_estimated_before_labels_and_stands_beside_what_came(chain: Chain) -> None:
    beside = sql(f"""
        select metric, count(*), avg(abs(estimated - value)), avg(error), max(abs(estimated - by_training))
        from gold.{NAME}_estimates join gold.{NAME}_performance
        using (partition, role, model_version, slice, slice_value, metric)
        where slice = 'all' and partition < '{day(48)}' group by metric order by metric
    """)
    assert [row[0] for row in beside] == ["accuracy", "brier", "log_loss"]
    assert all(days == 8 and off < 2 * error and moved == 0 for _, days, off, error, moved in beside)
    found = {row["partition"]: row for row in rows_of(tables.drift(chain.use_case)) if row["kind"] == "estimate"}
    assert set(found) == {day(number) for number in range(TRAINED_FOR, 52)}
    assert found[day(TRAINED_FOR)]["value"] is None and found[day(51)]["value"] is not None
    assert not any(row["violated"] for row in found.values())


def test_limits_of_classes_are_proposed_from_ordinary_days(chain: Chain) -> None:
    found = calibrate.run(CalibrateArguments(use_case=NAME, partition=day(48), refits=1)).as_json()
    assert found["status"] == "measured" and found["parameters"] == "those of version 1"
    limits = {one["field"]: one for one in found["limits"]}
    assert limits["max_calibration_gap"]["declared"] == 0.3 and limits["max_calibration_gap"]["median"] > 0
    assert limits["max_prediction_psi"]["greatest"] is not None and limits["max_loss_rise"]["proposed"] > 0
    assert limits["max_calibration_error"]["median"] > 0
    # Equal models keep the floor of one class, recall_platinum, and the fairness limit: they are measured for the gate.
    assert found["gate_declared"]["equals"]["measured"] == 6


def test_everything_again_changes_nothing(chain: Chain) -> None:
    made = (tables.scores, tables.reasons, tables.outcomes, tables.performance, tables.drift_counts, tables.drift)
    made = (*made, tables.estimates)
    before = [delta_log.version(table(chain.use_case)) for table in made]
    assert run_score(TRAINED_FOR, 51)["status"] == "unchanged"
    assert run_monitor(TRAINED_FOR, 51)["status"] == "unchanged"
    assert [delta_log.version(table(chain.use_case)) for table in made] == before


def test_workers_write_the_same_tables(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {table: ("scored_at",) for table in (tables.scores, tables.reasons, tables.outcomes)}
    made |= {tables.performance: (), tables.drift_counts: (), tables.estimates: ()}
    before = {table: rows_of(table(chain.use_case), *without) for table, without in made.items()}
    monkeypatch.setattr(row_limits, "IN_PROCESS_ROWS", 0)
    monkeypatch.setattr(day_parts, "ROWS_A_PART", 15)
    monkeypatch.setattr(shap_values, "BY_XGBOOST", 1000)
    assert run_score(47, 48, force=True)["status"] == "scored"
    assert run_monitor(48, 48, force=True)["status"] == "monitored"
    for table, without in made.items():
        assert rows_of(table(chain.use_case), *without) == before[table], table.__name__


def test_the_usual_columns_are_delivered(chain: Chain) -> None:
    result = deliver.run(DeliverArguments(use_case=NAME, partition=day(44)))
    assert result.rows == 40
    header, first, *_ = (chain.root / "out" / f"{day(44)}.csv").read_text().splitlines()
    usual = ["customer", "partition", "decision", "score", *COLUMNS, "model_version", "prediction_time", "scored_at"]
    assert header.replace('"', "").split(",") == usual and any(name in first for name in CLASSES)


def test_a_score_is_explained_in_words_and_as_json(chain: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    stored = next(row for row in rows_of(tables.reasons(chain.use_case)) if row["partition"] == day(44))
    without = {row["customer"] for row in rows_of(tables.reasons(chain.use_case)) if row["partition"] == day(44)}
    other = next(number for number in range(40) if number not in without)
    for customer, origin in ((stored["customer"], "stored with the score"), (other, "computed now")):
        arguments = ["explain", "--use-case", NAME, "--key", f"customer={customer}", "--partition", str(day(44))]
        assert main(arguments) == 0
        said = capsys.readouterr().out
        row = next(
            one
            for one in rows_of(tables.scores(chain.use_case))
            if (one["customer"], one["partition"]) == (customer, day(44))
        )
        assert f"Decided {row['decision']} by its expected cost, with a probability of {row['score']:.3f}" in said
        assert origin in said and f"{row['decision']} starts at" in said and "its margin" in said
        assert "Not available" not in said
        assert main([*arguments, "--format", "json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["reasoned"]["decision"] == row["decision"] and found["score"]["decision"] == row["decision"]


def test_a_repeated_training_is_the_same(chain: Chain) -> None:
    again = train.run(TrainArguments(like=registry.version(NAME, 1).run_id, actor="tests")).as_json()
    assert again["identical"], again["differences"]


def test_a_holdout_without_a_class_is_judged_by_the_others(chain: Chain) -> None:
    """Trained for the day after the one without a platinum card, on a holdout of that day alone."""
    split = {
        "train": {"first": 400, "last": 10},
        "validation": {"first": 8, "last": 4},
        "holdout": {"first": 2, "last": 1},
    }
    try:
        use_case = declared(chain.root, split=split, gate={"floors": {"recall_platinum": 0.2}, "min_slice_rows": 10})
        cards.fill(use_case, [47, 48], without=["platinum"], batch="b")
        made = train.run(TrainArguments(use_case=NAME, partition=day(49), actor="tests")).as_json()
        metrics = made["metrics"]["model"]
        assert metrics["recall_platinum"] is None and metrics["macro_recall"] is not None
        judged = gate.run(GateArguments(use_case=NAME, partition=day(49), actor="tests")).as_json()
        assert judged["verdict"] == "held" and judged["champion_version"] == 1
        assert "recall platinum can't be computed on the holdout" in "; ".join(judged["reasons"])
        assert judged["metrics"]["champion"]["log_loss"] > 0
    finally:
        declared(chain.root)


def test_a_class_that_training_never_saw_is_named(chain: Chain) -> None:
    try:
        label = {"source": "issued", "column": "card", "maturity_days": 1}
        declared(chain.root, label={**label, "classes": [*CLASSES, "black"]})
        with pytest.raises(TrainingDataMissing, match=r"found none of black in its .* lengthen split.train"):
            train.run(TrainArguments(use_case=NAME, partition=day(TRAINED_FOR), actor="tests"))
        # The champion goes on; of a class that it does not know it has no probability.
        assert run_score(44, 44, force=True)["rows"] == 40
        found = sql(f"select count(*), count(probability_black) from gold.{NAME}_scores where partition = '{day(44)}'")
        assert list(map(tuple, found)) == [(40, 0)]
        assert run_monitor(44, 44, force=True)["status"] == "monitored"
        fewer = {"label": {**label, "classes": list(CLASSES[:2])}, "model": {"costs": {}}, "gate": {"floors": {}}}
        declared(chain.root, **fewer)
        with pytest.raises(ModelRefused, match="the model also decides for platinum; train a new version"):
            run_score(44, 44, force=True)
    finally:
        declared(chain.root)


def test_the_file_says_how_it_decides(chain: Chain) -> None:
    booster = xgboost_model.load(artifacts.model_bytes(registry.version(NAME, 1)))
    assert ClassRule.of(booster) == ClassRule.declared(chain.use_case)
    assert dt.date.fromisoformat(registry.version(NAME, 1).tags["trained_for"]) == day(TRAINED_FOR)
