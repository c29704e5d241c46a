"""What a training is made from, pinned: table versions, and a fingerprint that equal trainings share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from jobs.train.windows import Window, Windows
from lakehouse import code, delta, ledger, tables, training_set
from lakehouse.declaration import UseCase


@dataclass(frozen=True)
class Pinned:
    """Delta versions of the feature table and of silver of the label's source (-1: no table), and the fingerprint."""

    features_version: int
    labels_version: int
    fingerprint: str


def pin(use_case: UseCase, windows: Windows) -> Pinned:
    """Pin the tables as they are now.

    The fingerprint covers what decides the model and its numbers: the deliveries and code behind each day's features
    and labels, the windows, the declaration and the code of training. A table version is not part of it: it rises with
    every day that is built or compacted, and the same rows would be trained on again.
    """
    features, labels = tables.features(use_case), tables.silver(use_case.source(use_case.label.source))
    while True:
        before = delta.version(features), delta.version(labels)
        found = fingerprint(use_case, windows)
        # A commit in between would put a fingerprint on rows that it does not describe.
        if before == (delta.version(features), delta.version(labels)):
            return Pinned(*before, found)


def fingerprint(use_case: UseCase, windows: Windows) -> str:
    """The fingerprint of the tables as they are now."""
    whole = windows.whole
    digest = hashlib.sha256(repr(windows).encode())
    digest.update(_features(use_case, whole).encode())
    digest.update(_labels(use_case, whole).encode())
    for section in (use_case.label, use_case.split, use_case.model, use_case.drift):
        digest.update(section.model_dump_json().encode())
    digest.update(",".join(use_case.feature_names).encode())
    digest.update(code.digest("jobs/train").encode())
    digest.update(Path(training_set.__file__).read_bytes())
    for library in ("xgboost-cpu", "optuna"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:16]


def _features(use_case: UseCase, days: Window) -> str:
    by_day = delta.constant_by_partition(tables.features(use_case), "inputs_fingerprint")
    return ";".join(f"{day}={value}" for day, value in sorted(by_day.items()) if days.first <= day <= days.last)


def _labels(use_case: UseCase, days: Window) -> str:
    lines = ledger.of_sources([use_case.label.source], days.first, days.last)
    # The accepted rows are part of it: rejects that were replayed changed silver without a new delivery.
    return ";".join(sorted(f"{line.partition}={line.delivery_id}/{line.accepted_rows}/{line.status}" for line in lines))
