"""A training's record: everything that is needed to repeat it, kept as one file with its run."""

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

from jobs.train.fitted_model import FittedModel
from jobs.train.learned_record import Recorded
from jobs.train.search.space import Value
from jobs.train.search.tuning import Tuned
from jobs.train.split import PARTS, DayRange, Parts, Split
from jobs.train.training_inputs import TrainingInputs
from lakehouse import code_version
from lakehouse.evaluation import coded_rows
from lakehouse.models import artifacts
from lakehouse.scorers.boosted import Boosted

# Its path under the run.
RECORD_FILE = artifacts.RECORD

LIBRARIES = ("xgboost-cpu", "numpy", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Manifest:
    """What a training was made from, and its outcome.

    Attributes:
        use_case: the whole declaration as it was.
        partition: the day that the training was for.
        windows: first and last day of train, validation and holdout.
        features_version: Delta version of the feature table.
        labels_version: Delta version of silver of the label's source.
        rows_sha256: digest of the rows that were read.
        params: XGBoost's parameters, seed and number of threads among them.
        rounds: the number of trees.
        outcome: metrics, threshold, and digests of the model: what a repetition is compared with.
        libraries: versions of the libraries that compute.
        code_version: of the platform.
        fingerprint: the training's.
        kind: which candidate it is, see `lakehouse.declaration.model`.
        strength: of the coefficients of one that has some.
        learned: which rows were learned from; None where ``learn_from`` is not declared.
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
    kind: str = "boosted"
    strength: float | None = None
    learned: Recorded | None = None

    def to_json(self) -> str:
        """As a file."""
        content = _JSON.dump_python(self, mode="json")
        if self.kind == "boosted":
            # As a record was before there were other candidates.
            content = {name: value for name, value in content.items() if name not in ("kind", "strength")}
        if self.learned is None:
            del content["learned"]
        return json.dumps(content, indent=1, ensure_ascii=False)

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


def build_manifest(inputs: TrainingInputs, tuned: Tuned, model: FittedModel) -> Manifest:
    """The record of a training that has just been done."""
    split = {name: getattr(inputs.split, name) for name in PARTS}
    return Manifest(
        use_case=inputs.use_case.model_dump(mode="json"),
        partition=inputs.day.isoformat(),
        windows={name: (days.first.isoformat(), days.last.isoformat()) for name, days in split.items()},
        features_version=inputs.snapshot.features_version,
        labels_version=inputs.snapshot.labels_version,
        rows_sha256=digest(inputs.parts),
        params=dict(tuned.params),
        rounds=tuned.rounds,
        outcome=outcome(model),
        libraries=libraries(),
        code_version=code_version.version(),
        fingerprint=inputs.snapshot.fingerprint,
        kind=tuned.kind,
        strength=tuned.strength,
        learned=Recorded.of(inputs.use_case, inputs.parts),
    )


def libraries() -> dict[str, str]:
    """The versions of the libraries that compute: other versions may round otherwise."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in LIBRARIES},
    }


def digest(parts: Parts) -> str:
    """Digest of the rows of all three windows: features, labels and days, in their order."""
    content = hashlib.sha256()
    for name in PARTS:
        rows = coded_rows.by_own_levels(getattr(parts, name))
        content.update(",".join(rows.names).encode())
        if rows.levels:
            content.update(json.dumps(dict(rows.levels), sort_keys=True).encode())
        for values in (rows.features, rows.label, rows.days):
            content.update(values.tobytes())
    return content.hexdigest()


def outcome(model: FittedModel) -> dict[str, Any]:
    """What a second training must reach too, to the last digit and the last tree."""
    return {
        "metrics": model.metrics,
        "validation": model.validation,
        "threshold": model.threshold,
        **_of_trees(model.scorer),
        "model_sha256": model.sha256,
    }


def _of_trees(scorer: Any) -> dict[str, str]:
    """A digest of the trees alone, where there are some: the file also has XGBoost's version, and more later."""
    boosted = getattr(scorer, "boosted", scorer)
    if not isinstance(boosted, Boosted):
        return {}
    as_json = json.loads(bytes(boosted.booster.save_raw("json")))
    trees = json.dumps(as_json["learner"]["gradient_booster"], sort_keys=True)
    return {"trees_sha256": hashlib.sha256(trees.encode()).hexdigest()}


def differences(then: Any, now: Any, path: str = "") -> list[str]:
    """Where two outcomes differ, in words: ``metrics.model.log_loss: 0.51 then, 0.52 now``."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return [
            line
            for name in sorted({*then, *now})
            for line in differences(then.get(name), now.get(name), f"{path}.{name}".removeprefix("."))
        ]
    return [] if then == now else [f"{path}: {then} then, {now} now"]
