"""Reasons beside the scores: exact, complete, made anew with the scores and only then."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import random
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from jobs.restate import job as restate
from jobs.restate.arguments import RestateArguments
from jobs.score import job as score
from jobs.score import reasons
from jobs.score.arguments import ScoreArguments
from jobs.stale import job as stale
from jobs.stale.arguments import StaleArguments
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.evaluation import shap_values
from lakehouse.models import artifacts, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds
from lakehouse.staleness import report
from lakehouse.storage import delta_log, table_schema, table_shape
from lakehouse.tables import Table
from tests.jobs import appointments

DAY = dt.date(2024, 2, 10)
NEXT = DAY + dt.timedelta(days=1)
ROWS = 40


@cache
def trained(version: int, objective: str = "binary:logistic") -> bytes:
    import xgboost

    dice = np.random.default_rng(version)
    rows = dice.random((300, 3))
    label = (rows[:, 0] + rows[:, 1] > 1).astype(float)
    parameters = {"objective": objective, "max_depth": 3, "seed": version}
    return bytes(xgboost.train(parameters, xgboost.DMatrix(rows, label=label), 15).save_raw("ubj"))


class Registry:
    """A registry in memory; its files are real, and checked as ever."""

    def __init__(self, use_case: UseCase, objective: str = "binary:logistic", threshold: float | None = 0.5) -> None:
        self.use_case, self.objective, self.threshold, self.champion = use_case, objective, threshold, 1

    def version(self, name: str, number: int) -> ModelVersion:
        content = trained(number, self.objective)
        tags = {
            registry.TAG_FEATURES: ",".join(self.use_case.feature_names),
            registry.TAG_SHA256: hashlib.sha256(content).hexdigest(),
            registry.TAG_THRESHOLD: "" if self.threshold is None else repr(self.threshold),
        }
        model = ModelVersion(self.use_case.name, number, f"run{number}", tags)
        cached = artifacts._cached(model, artifacts.MODEL)
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_bytes(content)
        return model

    def by_alias(self, name: str, alias: str) -> ModelVersion | None:
        return self.version(name, self.champion) if alias == registry.CHAMPION else None


def declare(root: Path, asked: dict[str, Any], **sections: Any) -> UseCase:
    """The appointments, asking for reasons."""
    appointments.declare(root, **sections)
    file = root / "appointments" / loader.FILE
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"reasons: {asked}\n")
    return loader.load(file)


def fill(use_case: UseCase, *days: dt.date) -> None:
    """Feature rows of these days, written by delta-rs."""
    table = tables.features(use_case)
    table_shape.create(table)
    for day in days:
        dice = random.Random(f"{day}")
        rows = [
            {
                **{"appointment": number, "partition": day, "prediction_time": dt.datetime(2024, 1, 1, tzinfo=dt.UTC)},
                **{name: dice.random() for name in use_case.feature_names},
                **({"age": None} if number % 5 == 0 else {}),
                "inputs_fingerprint": f"of {day}",
            }
            for number in range(ROWS)
        ]
        made = pa.Table.from_pylist(rows, table_schema.arrow_schema(table))
        write_deltalake(delta_log.location(table), made, mode="overwrite", predicate=f"partition = DATE '{day}'")


ASKED = {"above_threshold": True, "each": 2}


@pytest.fixture(scope="module")
def scored(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A lakehouse with two days that were scored, and what the job said: done once, for every test to copy."""
    folder = tmp_path_factory.mktemp("scored")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAKEHOUSE_ROOT", str(folder / "warehouse"))
        environment.setenv("NIGHTJAR_HOME", str(folder / "state"))
        environment.setenv("USE_CASE_ROOTS", str(folder / "asking"))
        use_case = declare(folder / "asking", ASKED)
        fill(use_case, DAY, NEXT)
        put_in_place(Registry(use_case), environment)
        return folder / "warehouse", run()


@pytest.fixture
def root(lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = lakehouse_root.parent / "asking"
    monkeypatch.setenv("USE_CASE_ROOTS", str(folder))
    return folder


@pytest.fixture
def models(
    root: Path, lakehouse_root: Path, scored: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Registry:
    """The appointments of two days, scored; reasons are asked for where a no-show is decided, two for each."""
    shutil.copytree(scored[0], lakehouse_root)
    return put_in_place(Registry(declare(root, ASKED)), monkeypatch)


def put_in_place(made: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setattr(registry, "version", made.version)
    monkeypatch.setattr(registry, "by_alias", made.by_alias)
    return made


def run(first: dt.date = DAY, last: dt.date = NEXT, **more: Any) -> dict[str, Any]:
    return score.run(ScoreArguments(use_case="appointments", partition=first, through=last, **more)).as_json()


def rows(table: Table, day: dt.date | None = None) -> list[dict[str, Any]]:
    found = DeltaTable(delta_log.location(table)).to_pyarrow_table().to_pylist()
    mine = [row for row in found if day in (None, row["partition"])]
    return sorted(mine, key=lambda row: tuple(str(row[name]).zfill(9) for name in table.key))


def reasons_of(use_case: UseCase, day: dt.date) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows(tables.reasons(use_case), day):
        found.setdefault(row["appointment"], []).append(row)
    return found


def files(use_case: UseCase, day: dt.date) -> set[str]:
    uris = DeltaTable(delta_log.location(tables.reasons(use_case))).file_uris()
    return {uri for uri in uris if f"partition={day}" in uri}


def test_the_rows_that_are_decided_have_reasons_that_add_up_to_their_scores(
    models: Registry, scored: tuple[Path, dict[str, Any]]
) -> None:
    done = scored[1]
    assert done["status"] == "scored" and done["reasons"]["days"] == 2
    scores = {row["appointment"]: row for row in rows(tables.scores(models.use_case), DAY)}
    found = reasons_of(models.use_case, DAY)
    assert set(found) == {number for number, row in scores.items() if row["decision"]} and 5 < len(found) < ROWS
    features = {row["appointment"]: row for row in rows(tables.features(models.use_case), DAY)}
    for number, lines in found.items():
        assert [line["rank"] for line in lines] == [1, 2, 3]
        assert lines[-1]["feature"] == shap_values.OTHERS
        assert all(line["value"] == features[number][line["feature"]] for line in lines[:-1])
        assert {(line["role"], line["model_version"]) for line in lines} == {("champion", 1)}
        margin = lines[0]["base_value"] + sum(line["contribution"] for line in lines)
        assert 1 / (1 + math.exp(-margin)) == pytest.approx(scores[number]["score"], abs=1e-6)
    assert done["reasons"]["rows"] == len(rows(tables.reasons(models.use_case)))
    # What they were made from is on record.
    table = tables.reasons(models.use_case)
    by = {row["inputs_fingerprint"] for row in rows(table, DAY)}
    assert builds.inputs_behind(table, {DAY: by.pop()})[DAY]["scores"] == scores[0]["inputs_fingerprint"]


def test_a_rerun_is_free_and_a_rescored_day_alone_gets_new_reasons(
    models: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tables.reasons(models.use_case)
    version, kept, replaced = delta_log.version(table), files(models.use_case, NEXT), files(models.use_case, DAY)
    with monkeypatch.context() as patched:
        patched.setattr("lakehouse.storage.spark_session.session", lambda *_: pytest.fail("nothing is to be done"))
        assert run()["status"] == "unchanged" and delta_log.version(table) == version
    assert run(DAY, DAY, model_version=2)["reasons"] == {"days": 1, "rows": len(rows(table, DAY))}
    assert {row["model_version"] for row in rows(table, DAY)} == {2}
    assert files(models.use_case, NEXT) == kept and files(models.use_case, DAY) != replaced


def test_a_run_that_was_killed_between_scores_and_reasons_is_completed(
    models: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(reasons.chosen_rows, "of_days", killed)
        with pytest.raises(KeyboardInterrupt):
            run(DAY, DAY, model_version=2)
    scores = delta_log.version(tables.scores(models.use_case))
    done = run()
    assert (done["status"], done["reasons"]["days"], done["model_versions"]) == ("explained", 1, [1, 2])
    assert delta_log.version(tables.scores(models.use_case)) == scores
    assert {row["model_version"] for row in rows(tables.reasons(models.use_case), DAY)} == {2}
    assert run()["status"] == "unchanged"


def test_a_day_on_which_no_row_asks_is_known_to_be_complete(models: Registry) -> None:
    # Complete with that threshold, and not with another: twice there and back.
    table = tables.reasons(models.use_case)
    for threshold, some in ((2.0, False), (0.5, True), (2.0, False)):
        models.threshold = threshold
        assert run(DAY, DAY)["reasons"]["days"] == 1
        assert bool(rows(table, DAY)) is some
        version = delta_log.version(table)
        assert run(DAY, DAY)["status"] == "unchanged" and delta_log.version(table) == version


def test_the_top_of_a_day_are_so_many_and_no_more(root: Path, models: Registry) -> None:
    models.use_case = declare(root, {"top": 3, "each": 3})
    assert run()["status"] == "explained"
    for day in (DAY, NEXT):
        highest = sorted(rows(tables.scores(models.use_case), day), key=lambda row: (-row["score"], row["appointment"]))
        found = reasons_of(models.use_case, day)
        assert set(found) == {row["appointment"] for row in highest[:3]}
        # All three features are named: nothing is left for the others.
        assert all({line["feature"] for line in lines} == set(appointments.FEATURES) for lines in found.values())


def test_a_change_of_what_is_asked_is_restated_without_scoring(
    root: Path, models: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The features were put there without deliveries.
    monkeypatch.setattr(report, "_features", lambda *_: {})
    scores = delta_log.version(tables.scores(models.use_case))
    asked = StaleArguments(use_case="appointments")
    assert stale.run(asked).as_json()["status"] == "fresh"
    declare(root, {"above_threshold": True, "top": 5, "each": 1})
    found = stale.run(asked).as_json()["partitions"]
    assert [(line["table"], line["partition"]) for line in found] == [
        ("gold.appointments_reasons", DAY),
        ("gold.appointments_reasons", NEXT),
    ]
    assert "the declared reasons changed" in found[0]["reasons"][0]
    done = restate.run(RestateArguments(use_case="appointments")).as_json()
    assert (done["score"], done["monitor"]) == ([DAY, NEXT], [])
    assert (
        stale.run(asked).as_json()["status"] == "fresh" and delta_log.version(tables.scores(models.use_case)) == scores
    )
    assert {len(lines) for lines in reasons_of(models.use_case, DAY).values()} == {2}
    assert len(reasons_of(models.use_case, DAY)) == 5


def test_a_regression_explains_its_highest_values(
    root: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = appointments.declaration()
    label = {key: value for key, value in content["label"].items() if key != "at_least"}
    changed = {"model": {**content["model"], "task": "regression"}, "label": label}
    changed["gate"] = {"metric": "rmse", "min_improvement": 0.0, "floors": {}}
    monkeypatch.setattr(appointments, "declaration", lambda **more: {**content, **changed, **more})
    use_case = declare(root, {"top": 4, "each": 2})
    fill(use_case, DAY)
    put_in_place(Registry(use_case, "reg:squarederror", threshold=None), monkeypatch)
    run(DAY, DAY)
    scores = {row["appointment"]: row["score"] for row in rows(tables.scores(use_case), DAY)}
    found = reasons_of(use_case, DAY)
    assert len(found) == 4
    for number, lines in found.items():
        total = lines[0]["base_value"] + sum(line["contribution"] for line in lines)
        assert total == pytest.approx(scores[number], abs=1e-6)


def test_a_use_case_that_asks_for_no_reasons_has_none(root: Path, models: Registry) -> None:
    appointments.declare(root)
    version = delta_log.version(tables.reasons(models.use_case))
    done = run(DAY, DAY, force=True)
    assert done["reasons"] == {"days": 0, "rows": 0} and delta_log.version(tables.reasons(models.use_case)) == version
