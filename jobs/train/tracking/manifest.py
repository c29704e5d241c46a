"""A training's record: everything by which it can be done again, kept as one file with its run."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter, field_validator
from pydantic.dataclasses import dataclass

from jobs.train.input_snapshot import InputSnapshot
from jobs.train.search.space import Value
from jobs.train.split import DayRange, Parts, Split
from lakehouse import code_version
from lakehouse.declaration import UseCase

# Where it lies under the run.
RECORD_FILE = "training/record.json"

LIBRARIES = ("xgboost-cpu", "numpy", "scikit-learn", "scipy")
PARTS = ("train", "validation", "holdout")


@dataclass(frozen=True)
class Manifest:
    """What a training was made from, and what came of it.

    Attributes:
        use_case: the whole declaration as it was.
        partition: the day that the training was for.
        windows: first and last day of train, validation and holdout.
        features_version: Delta version of the feature table.
        labels_version: Delta version of silver of the label's source.
        rows_sha256: digest of the rows that were read.
        params: XGBoost's parameters, seed and number of threads among them.
        rounds: the number of trees.
        outcome: metrics, threshold, and digests of the model: what a second training is compared by.
        libraries: versions of the libraries that compute.
        code_version: of the platform.
        fingerprint: the training's.
    """

    use_case: Mapping[str, Any]
    partition: str
    windows: Mapping[str, tuple[str, str]]
    features_version: int
    labels_version: int
    rows_sha256: str
    params: Mapping[str, Value]
    rounds: int
    outcome: Mapping[str, Any]
    libraries: Mapping[str, str]
    code_version: str
    fingerprint: str

    def to_json(self) -> str:
        """As a file."""
        return _JSON.dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """From a file; fields that a later version of the platform adds to it are ignored."""
        return _JSON.validate_json(text)

    @field_validator("use_case")
    @classmethod
    def _without_workers(cls, declared: Mapping[str, Any]) -> Mapping[str, Any]:
        # Declarations had it until decision 27; it changes nothing of a model that is fitted from its record.
        model = {name: value for name, value in declared.get("model", {}).items() if name != "workers"}
        return {**declared, "model": model}

    @property
    def days(self) -> Split:
        """The windows."""
        return Split(**{name: DayRange(*map(dt.date.fromisoformat, self.windows[name])) for name in PARTS})


_JSON = TypeAdapter(Manifest)


def build_manifest(
    use_case: UseCase,
    day: dt.date,
    windows: Split,
    pinned: InputSnapshot,
    parts: Parts,
    params: Mapping[str, Value],
    rounds: int,
    outcome: Mapping[str, Any],
) -> Manifest:
    """The record of a training that has just been done."""
    named = {name: getattr(windows, name) for name in PARTS}
    return Manifest(
        use_case=use_case.model_dump(mode="json"),
        partition=day.isoformat(),
        windows={name: (window.first.isoformat(), window.last.isoformat()) for name, window in named.items()},
        features_version=pinned.features_version,
        labels_version=pinned.labels_version,
        rows_sha256=digest(parts),
        params=dict(params),
        rounds=rounds,
        outcome=outcome,
        libraries=libraries(),
        code_version=code_version.version(),
        fingerprint=pinned.fingerprint,
    )


def libraries() -> dict[str, str]:
    """The versions of what computes: other ones may round otherwise."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in LIBRARIES},
    }


def digest(parts: Parts) -> str:
    """Digest of the rows of all three windows: features, labels and days, in their order."""
    content = hashlib.sha256()
    for name in PARTS:
        rows = getattr(parts, name)
        content.update(",".join(rows.names).encode())
        for values in (rows.features, rows.label, rows.days):
            content.update(values.tobytes())
    return content.hexdigest()


def outcome(
    measured: Mapping[str, Any], validation: Mapping[str, Any], threshold: float | None, booster: Any
) -> dict[str, Any]:
    """What a second training must get too, to the last digit and the last tree."""
    written = json.loads(bytes(booster.save_raw("json")))
    # The trees alone: the library's version, and what a later release of it may add, stand beside them in the file.
    trees = json.dumps(written["learner"]["gradient_booster"], sort_keys=True)
    return {
        "metrics": dict(measured),
        "validation": dict(validation),
        "threshold": threshold,
        "trees_sha256": hashlib.sha256(trees.encode()).hexdigest(),
        "model_sha256": hashlib.sha256(bytes(booster.save_raw("ubj"))).hexdigest(),
    }


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where two outcomes differ, in words: ``metrics.model.log_loss: 0.51 then, 0.52 now``."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        names = sorted({*expected, *found})
        return [
            line
            for name in names
            for line in differences(expected.get(name), found.get(name), f"{place}.{name}".removeprefix("."))
        ]
    return [] if expected == found else [f"{place}: {expected} then, {found} now"]
