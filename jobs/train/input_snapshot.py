"""What a training is made from, pinned: table versions, and a fingerprint that equal trainings share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from jobs.train.split import DayRange, Split
from lakehouse import code_version, tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import labelled_rows
from lakehouse.ops import deliveries
from lakehouse.storage import delta_log


@dataclass(frozen=True)
class InputSnapshot:
    """Delta versions of the feature table and of silver of the label's source (-1: no table), and the fingerprint."""

    features_version: int
    labels_version: int
    fingerprint: str


def take_snapshot(use_case: UseCase, windows: Split) -> InputSnapshot:
    """Pin the tables as they are now.

    The fingerprint covers what decides the model and its numbers: the deliveries and code behind each day's features
    and labels, the windows, the declaration and the code of training. A table version is not part of it: it rises with
    every day that is built or compacted, and the same rows would be trained on again.
    """
    features, labels = tables.features(use_case), tables.silver(use_case.source(use_case.label.source))
    while True:
        before = delta_log.version(features), delta_log.version(labels)
        found = fingerprint(use_case, windows)
        # A commit in between would put a fingerprint on rows that it does not describe.
        if before == (delta_log.version(features), delta_log.version(labels)):
            return InputSnapshot(*before, found)


def fingerprint(use_case: UseCase, windows: Split) -> str:
    """The fingerprint of the tables as they are now."""
    whole = windows.whole
    digest = hashlib.sha256(repr(windows).encode())
    digest.update(_features(use_case, whole).encode())
    digest.update(_labels(use_case, whole).encode())
    for section in (use_case.label, use_case.split, use_case.model, use_case.drift):
        digest.update(section.model_dump_json().encode())
    digest.update(",".join(use_case.feature_names).encode())
    digest.update(code_version.digest("jobs/train").encode())
    digest.update(Path(labelled_rows.__file__).read_bytes())
    for library in ("xgboost-cpu", "optuna"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:16]


def _features(use_case: UseCase, days: DayRange) -> str:
    by_day = delta_log.constant_by_partition(tables.features(use_case), "inputs_fingerprint")
    return ";".join(f"{day}={value}" for day, value in sorted(by_day.items()) if days.first <= day <= days.last)


def _labels(use_case: UseCase, days: DayRange) -> str:
    lines = deliveries.lines_of([use_case.label.source], days.first, days.last)
    # The accepted rows are part of it: rejects that were replayed changed silver without a new delivery.
    return ";".join(sorted(f"{line.partition}={line.delivery_id}/{line.accepted_rows}/{line.status}" for line in lines))
