"""What the tests of scoring, rollback and retirement start from: a clinic's days, and a registry in memory."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.models import artifacts, champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds, deliveries, model_events
from lakehouse.ops.deliveries import Delivery
from lakehouse.ops.model_events import Event
from lakehouse.storage import commits
from tests.jobs import appointments

START = appointments.START
ROWS = 40
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def live(use_case: UseCase, *numbers: int) -> None:
    """Whole days: bookings, visits, features. By delta-rs, in a hundredth of the time that Spark takes."""
    plan, record = use_case.source("bookings"), use_case.source("visits")
    now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    for number in numbers:
        on, dice = day(number), random.Random(number)
        features: list[dict[str, Any]] = []
        bookings: list[dict[str, Any]] = []
        visits: list[dict[str, Any]] = []
        for key in range(ROWS):
            values = {name: dice.random() for name in use_case.feature_names}
            base = {"appointment": key, "partition": on, "line": key + 2, "delivery_id": f"d{number}"}
            # Whoever books long before misses it: a model that looks at this feature is a good one.
            late = 45.0 if values["lead_days"] + dice.gauss(0, 0.2) > 0.5 else 5.0
            bookings.append(base | {"clinic": "ab"[key % 2]})
            visits.append(base | {"minutes_late": late})
            at = dt.datetime.combine(on, dt.time(), dt.UTC)
            features.append(base | values | {"prediction_time": at, "inputs_fingerprint": f"f{number}"})
        where = f"partition = '{on}'"
        for table, written in (
            (tables.silver(plan), bookings),
            (tables.silver(record), visits),
            (tables.features(use_case), features),
        ):
            commits.replace_rows(table, written, where)
        for name in ("bookings", "visits"):
            line = Delivery(name, f"{name}{number}", on, "f", "c", ROWS, ROWS, 0, 0, deliveries.INGESTED, now)
            deliveries.record([line])


def scored(use_case: UseCase, number: int, version: int, role: str = "champion", why: str = "", **inputs: str) -> None:
    """A day that was scored, as far as the log tells: one row, and the line that says what from."""
    table, on = tables.scores(use_case), day(number)
    fingerprint = builds.record(table, {on: {"model version": str(version), **inputs}})[on]
    row: dict[str, Any] = dict.fromkeys(table.column_names)
    row |= {"appointment": 1, "partition": on, "prediction_time": NOON, "role": role, "score": 0.5, "model_name": "m"}
    row |= {"model_version": version, "features_version": 1, "code_version": "c", "run_id": "r", "scored_at": NOON}
    row |= {"inputs_fingerprint": fingerprint, "chosen_by": why or role, "decides": role == "champion"}
    commits.replace_rows(table, [row], f"partition = '{on}' AND role = '{role}'")


@dataclass
class Shelf:
    """A registry in memory. Version ``n`` looks at one feature alone, by default at number ``n - 1``."""

    use_case: UseCase
    folder: Path
    versions: dict[int, ModelVersion] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)

    def add(self, looks_at: int | None = None, **tags: str) -> int:
        number = len(self.versions) + 1
        chosen = number - 1 if looks_at is None else looks_at
        dice = np.random.default_rng(number)
        matrix = dice.random((400, len(self.use_case.feature_names)))
        label = (matrix[:, chosen] + dice.normal(0, 0.2, 400) > 0.5).astype(float)
        parameters = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1, "seed": 1}
        booster = xgboost.train(parameters, xgboost.DMatrix(matrix, label), num_boost_round=8)
        file = self.folder / str(number) / artifacts.MODEL
        file.parent.mkdir(parents=True)
        file.write_bytes(booster.save_raw("ubj"))
        self._profile(matrix, booster, self.folder / str(number) / artifacts.PROFILE)
        described = {
            registry.TAG_THRESHOLD: f"0.{4 + number}",
            registry.TAG_FEATURES: ",".join(self.use_case.feature_names),
            registry.TAG_SHA256: hashlib.sha256(file.read_bytes()).hexdigest(),
            registry.TAG_TRAINED_FOR: START.isoformat(),
            registry.TAG_TRAINED_THROUGH: (START - dt.timedelta(days=1)).isoformat(),
        }
        self.versions[number] = ModelVersion(self.use_case.name, number, f"run{number}", described | tags)
        return number

    def _profile(self, matrix: Any, booster: xgboost.Booster, file: Path) -> None:
        days = np.repeat([START - dt.timedelta(days=back) for back in range(40, 0, -1)], 10)
        frame = pd.DataFrame(matrix, columns=list(self.use_case.feature_names)).assign(partition=days)
        scores = pd.DataFrame({"partition": days, "score": booster.inplace_predict(matrix)})
        file.parent.mkdir(parents=True)
        file.write_text(Profile.of(frame, scores, {"log_loss": 0.6}, self.use_case.drift).to_json())

    def version(self, name: str, number: int) -> ModelVersion:
        if number not in self.versions:
            raise ModelMissing(f"model {name}: the registry has no version {number}")
        return self.versions[number]

    def file(self, model: ModelVersion, path: str) -> Path:
        if model.version in self.broken:
            raise ModelMissing(f"model {model.name} version {model.version}: run {model.run_id} has no artifact {path}")
        return self.folder / str(model.version) / path

    def tag(self, model: ModelVersion, key: str, value: str | None) -> None:
        tags = {name: text for name, text in self.versions[model.version].tags.items() if name != key}
        self.versions[model.version] = replace(model, tags=tags if value is None else tags | {key: value})

    def promote(self, number: int) -> None:
        """By the audit log, as the gate does it."""
        assert champion_record.change(self.event(number, model_events.PROMOTED))
        if self.aliases.get(registry.CHALLENGER) == number:
            del self.aliases[registry.CHALLENGER]

    def event(self, number: int, kind: str, evidence: Mapping[str, Any] | None = None) -> Event:
        known = champion_record.changes(self.use_case.name)
        return Event(
            model_name=self.use_case.name,
            model_version=number,
            event=kind,
            from_version=known[-1].model_version if known else None,
            actor="tests",
            reason="better",
            evidence=evidence or {},
            run_id=f"run{number}",
            happened_at=dt.datetime.now(dt.UTC),
        )

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let the registry's readers and writers meet this one."""

        def by_alias(name: str, alias: str) -> ModelVersion | None:
            return self.versions[self.aliases[alias]] if alias in self.aliases else None

        patch.setattr(registry, "version", self.version)
        patch.setattr(registry, "versions", lambda name: [self.versions[number] for number in sorted(self.versions)])
        patch.setattr(registry, "by_alias", by_alias)
        patch.setattr(registry, "point", lambda name, alias, number: self.aliases.update({alias: number}))
        patch.setattr(registry, "drop", lambda name, alias: self.aliases.pop(alias, None))
        patch.setattr(registry, "tag", self.tag)
        patch.setattr(registry, "untag", lambda model, key: self.tag(model, key, None))
        patch.setattr(artifacts, "local_copy", self.file)
        patch.setattr(artifacts, "model_bytes", lambda model: self.file(model, artifacts.MODEL).read_bytes())


def open_clinic(root: Path, patch: pytest.MonkeyPatch, folder: Path, **sections: Any) -> Shelf:
    """A clinic of its own under ``root``, with these sections of its declaration, and the registry of its models."""
    patch.setenv("USE_CASE_ROOTS", str(root))
    declared = {"drift": {"window_days": 3}, **sections}
    shelf = Shelf(appointments.declare(root, **declared), folder)
    shelf.install(patch)
    return shelf
