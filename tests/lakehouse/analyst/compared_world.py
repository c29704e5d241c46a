"""A small world in which two versions of a model have scored the same days: of a yes or no, of three classes, of a value.

Models are coefficients, the tables are written as the jobs write them, and no server answers but where a test says so.
"""

from __future__ import annotations

import atexit
import datetime as dt
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.monitor import performance
from jobs.monitor.scored_rows import ScoredDays
from lakehouse import tables
from lakehouse.declaration import UseCase, class_names, loader
from lakehouse.errors import ModelMissing
from lakehouse.models import artifacts, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds, model_events
from lakehouse.scorers.nightjar_linear import Linear
from lakehouse.storage import delta_log, table_schema, table_shape
from lakehouse.tables import Table
from tests.jobs import appointments, cards

FIRST = dt.date(2024, 4, 1)
AT = dt.datetime(2024, 3, 20, 3, tzinfo=dt.UTC)
# The rows that both were fitted to end here.
THROUGH = dt.date(2024, 3, 18)
FEATURES = {"appointments": appointments.FEATURES, "cards": cards.FEATURES}
TASKS = ("appointments", "cards", "bakery_sales")


@dataclass
class World:
    """What the tests ask about.

    Attributes:
        use_case: the declaration.
        days: that both versions have scored.
        models: by version, each the model's registered version.
        files: the model files by version.
    """

    use_case: UseCase
    days: list[dt.date]
    models: dict[int, ModelVersion] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)


def write(table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Replace the whole table."""
    table_shape.create(table)
    content = pa.Table.from_pylist(
        [{name: row.get(name) for name in table.column_names} for row in rows], table_schema.arrow_schema(table)
    )
    write_deltalake(delta_log.location(table), content, mode="overwrite")


def declare(name: str, root: Path, monkeypatch: pytest.MonkeyPatch, **sections: Any) -> UseCase:
    """The use case of that name; MLflow answers nobody."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    if name == "bakery_sales":
        return loader.by_name(name)
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    return (appointments if name == "appointments" else cards).declare(root, **sections)


def made(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch, days: int = 8, rows_a_day: int = 30, **sections: Any
) -> World:
    """A world under the empty lakehouse ``root``; an equal one that was made before is copied."""
    use_case = declare(name, root.parent / "compared", monkeypatch, **sections)
    key = name, days, rows_a_day, json.dumps(sections, sort_keys=True)
    if key not in _MADE:
        world = build(use_case, days, rows_a_day)
        kept = Path(tempfile.mkdtemp(prefix="compared-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        shutil.copytree(root, kept / "warehouse")
        _MADE[key] = kept / "warehouse", world
        return world
    before, world = _MADE[key]
    shutil.copytree(before, root)
    return World(use_case, list(world.days), dict(world.models), dict(world.files))


# By what was asked for: its tables, in a folder that lasts as long as the process, and itself.
_MADE: dict[tuple[Any, ...], tuple[Path, World]] = {}


def build(use_case: UseCase, day_count: int = 8, rows_a_day: int = 30, seed: int = 5) -> World:
    """Features, labels, scores of versions 1 (champion) and 2 (in shadow), what monitoring measured, and the audit log."""
    dice = np.random.default_rng(seed)
    days = [FIRST + dt.timedelta(days=number) for number in range(day_count)]
    world = World(use_case, days)
    names = use_case.feature_names
    truth = linear(use_case, 0.0, dice)
    # The first knows half of what there is to know, the second most of it.
    for version, error in ((1, 0.9), (2, 0.25)):
        model = linear(use_case, error, dice, truth)
        world.files[version] = model.content()
        world.models[version] = registered(use_case, version, world.files[version])
    features, entities, outcomes, scores = [], [], [], []
    source = use_case.entity.source
    built = builds.record(tables.features(use_case), {day: {f"{source} {day}": "d"} for day in days})
    scored = builds.record(
        tables.scores(use_case), {day: {"features": built[day], "model version": "1"} for day in days}
    )
    for day in days:
        matrix = dice.random((rows_a_day, len(names)))
        label = _labels(use_case, truth.score(matrix), dice)
        for place in range(rows_a_day):
            key = _key(use_case, place)
            common = {**key, "partition": day}
            values = dict(zip(names, matrix[place].tolist(), strict=True))
            features.append({**common, **values, "prediction_time": AT, "inputs_fingerprint": built[day]})
            entities.append(
                {**common, "clinic": ("north", "south")[place % 2], "region": "x", "delivery_id": "d", "line": 1}
            )
            came = None if place % 10 == 3 else float(label[place])
            outcomes.append({**common, "value": came, "label": came, "inputs_fingerprint": f"o{day}"})
        for version, role in ((1, registry.CHAMPION), (2, registry.CHALLENGER)):
            scores += [
                row | {"inputs_fingerprint": scored[day]}
                for row in _scores(use_case, world, version, role, day, matrix)
            ]
    write(tables.features(use_case), features)
    write(tables.silver(use_case.source(use_case.entity.source)), entities)
    write(tables.outcomes(use_case), outcomes)
    write(tables.scores(use_case), scores)
    write(tables.performance(use_case), [*_performance(use_case, days)])
    for version in world.models:
        record(use_case, version)
    return world


def linear(use_case: UseCase, error: float, dice: np.random.Generator, truth: Linear | None = None) -> Linear:
    """A model of coefficients: those of the truth, with an error; without a truth random ones."""
    classes = max(1, len(use_case.classes))
    terms = {}
    for place, name in enumerate(use_case.feature_names):
        right = dice.normal(0, 2.5, classes) if truth is None else np.array(truth.said["terms"][name]["weight"])
        weight = right * (1 - error / 2) + dice.normal(0, 1, classes) * error * (1 + place % 2)
        terms[name] = {"mean": 0.5, "weight": weight.tolist(), "missing": [0.0] * classes}
    spread = {name: float(np.abs(term["weight"]).sum()) for name, term in terms.items()}
    share = {name: value / sum(spread.values()) for name, value in spread.items()}
    scale = "softmax" if use_case.classes else "logit" if use_case.binary else "identity"
    model = Linear({"scale": scale, "base": [0.0] * classes, "terms": terms, "importance": share, "texts": {}})
    if (rule := ClassRule.declared(use_case)) is not None:
        rule.written_to(model)
    return model


def registered(use_case: UseCase, version: int, content: bytes) -> ModelVersion:
    """As the registry has it."""
    tags = {
        registry.TAG_FEATURES: ",".join(use_case.feature_names),
        registry.TAG_SHA256: hashlib.sha256(content).hexdigest(),
        registry.TAG_CANDIDATE: "linear",
        registry.TAG_TRAINED_THROUGH: str(THROUGH),
        registry.TAG_THRESHOLD: "0.5" if use_case.binary else "",
        registry.TAG_CODE_VERSION: f"0.1.{version}",
    }
    return ModelVersion(use_case.name, version, f"ab{version}", tags)


def record(use_case: UseCase, version: int, **more: Any) -> None:
    """The version's lines in the audit log: registered, and judged by the gate against the first."""
    evidence: dict[str, Any] = {
        "windows": {"train": "2024-01-01..2024-03-10", "validation": f"2024-03-11..{THROUGH}", "holdout": "2024-03-19..2024-03-25"},
        "rows": {"train": 900 + version, "validation": 80, "holdout": 70},
        "metrics": {"model": {use_case.gate.metric: 0.5 / version}, "baseline_constant": {use_case.gate.metric: 0.7}},
        "slices": [], "recalibration": {}, "features_version": version, "threshold": 0.5 if use_case.binary else None,
        "best_params": {"rounds": 10 * version, "eta": 0.1},
        "model_sha256": None, "trained_for": "2024-03-26",
        **more,
    }  # fmt: skip
    gate = {
        "champion_version": 1 if version > 1 else None, "judged_days": ["2024-03-19", "2024-03-25"], "rows": 70,
        "metric": use_case.gate.metric, "certainty": 0.975, "slices": [],
        "improvement": {"value": 0.1, "low": 0.02, "high": 0.2, "rows": 70, "days": 7} if version > 1 else None,
        "challenger": {use_case.gate.metric: 0.25}, "champion": {use_case.gate.metric: 0.35} if version > 1 else None,
    }  # fmt: skip
    verdict = model_events.HELD if version > 1 else model_events.PROMOTED
    why = "log loss 0.25 against 0.35 of champion version 1" if version > 1 else "there is no champion yet"
    for minute, (event, said, actor, reason) in enumerate(
        (
            (model_events.REGISTERED, evidence, "airflow", "trained for 2024-03-26"),
            (verdict, gate, "airflow:eve", why),
        )
    ):
        at = AT + dt.timedelta(minutes=10 * version + minute)
        number = 1 if version > 1 else None
        model_events.record(
            model_events.Event(use_case.name, version, event, number, actor, reason, said, f"ab{version}", at)
        )


def reachable(world: World, monkeypatch: pytest.MonkeyPatch, records: Callable[[int], Any] | None = None) -> None:
    """A registry that knows both versions, and whose files this machine has fetched before."""

    def version(name: str, number: int) -> ModelVersion:
        if number not in world.models:
            raise ModelMissing(f"model {name}: the registry has no version {number}")
        return world.models[number]

    monkeypatch.setattr(registry, "version", version)

    def download(model: ModelVersion, path: str, target: Path) -> None:
        raise ModelMissing(f"model {model.name} version {model.version}: run {model.run_id} has no artifact {path}")

    monkeypatch.setattr(artifacts, "_download", download)
    for number, model in world.models.items():
        declared = world.use_case.model_dump(mode="json") if records is None else records(number)
        for path, content in (
            (artifacts.COEFFICIENTS, world.files.get(number, b"")),
            (artifacts.RECORD, json.dumps({"use_case": declared}).encode()),
        ):
            cached = artifacts._cached(model, path)
            cached.parent.mkdir(parents=True, exist_ok=True)
            cached.write_bytes(content)


def _key(use_case: UseCase, place: int) -> dict[str, Any]:
    if len(use_case.entity.key) == 1:
        return {use_case.entity.key[0]: place}
    return {"shop": ("left", "right")[place % 2], "bread": f"bread {place // 2}"}


def _labels(use_case: UseCase, score: Any, dice: np.random.Generator) -> Any:
    if use_case.classes:
        return [int(dice.choice(len(row), p=row / row.sum())) for row in score]
    if use_case.binary:
        return (dice.random(len(score)) < score).astype(float)
    return score + dice.normal(0, 0.5, len(score))


def _scores(
    use_case: UseCase, world: World, version: int, role: str, day: dt.date, matrix: Any
) -> list[dict[str, Any]]:
    from lakehouse.scorers import model_files

    model = model_files.load(world.files[version])
    score, rule = model.score(matrix), ClassRule.of(model)
    columns = class_names.probability_columns(use_case.label)
    rows = []
    for place in range(len(matrix)):
        row: dict[str, Any] = {
            **_key(use_case, place), "partition": day, "prediction_time": AT, "role": role, "model_name": use_case.name,
            "model_version": version, "features_version": 1, "code_version": "0.1.0", "run_id": f"ab{version}", "scored_at": AT,
            "chosen_by": role, "decides": role == registry.CHAMPION,
        }  # fmt: skip
        if rule is not None:
            decided = int(rule.decide(score[place : place + 1])[0])
            row |= {"score": float(score[place, decided]), "decision": use_case.classes[decided]}
            row |= dict(zip(columns, score[place].tolist(), strict=True))
        else:
            row["score"] = float(score[place])
            if use_case.binary:
                row |= {"decision": bool(score[place] >= 0.5), "threshold": 0.5}
        rows.append(row)
    return rows


def _performance(use_case: UseCase, days: list[dt.date]) -> list[dict[str, Any]]:
    """By monitoring's own functions."""
    read = ScoredDays.of(use_case, days)
    return [
        line
        for day in days
        for role in read.roles(day)
        for rows in read.read(day, role, ())
        for line in performance.of_rows(rows, use_case.model.task)
    ]
