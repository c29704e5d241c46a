"""A snapshot of what a training is made from: table versions, and a fingerprint that equal trainings share."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from pydantic import BaseModel

from jobs.train.split import DayRange, Split
from jobs.train.version import TRAINING
from lakehouse import fingerprints, tables
from lakehouse.declaration import UseCase
from lakehouse.ops import builds, deliveries
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import up_to_date
from lakehouse.storage import delta_log


@dataclass(frozen=True)
class InputSnapshot:
    """Delta versions of the feature table and of the table of the labels (-1: no table), and the fingerprint."""

    features_version: int
    labels_version: int
    fingerprint: str


def take_snapshot(use_case: UseCase, split: Split) -> InputSnapshot:
    """The tables as they are now.

    The fingerprint covers what decides the model and its numbers: the deliveries and code behind each day's features
    and labels, the windows, the declaration and the code of training. A table version is not part of it: it rises with
    every day that is built or compacted, and the same rows would be trained on again.
    """
    features, labels = tables.features(use_case), tables.labels(use_case)
    while True:
        before = delta_log.version(features), delta_log.version(labels)
        current = fingerprint(use_case, split)
        # A commit in between would put a fingerprint on rows that it does not describe.
        if before == (delta_log.version(features), delta_log.version(labels)):
            return InputSnapshot(*before, current)


def fingerprint(use_case: UseCase, split: Split) -> str:
    """The fingerprint of what a training would be made from now."""
    return builds.fingerprint(expected_inputs(use_case, split))


def expected_inputs(use_case: UseCase, split: Split) -> Inputs:
    """What a training would be made from now, by name."""
    libraries = {library: version(library) for library in ("xgboost-cpu", "optuna")}
    sections: tuple[BaseModel, ...] = (
        use_case.label,
        use_case.split,
        use_case.model,
        use_case.drift.of_training,
        *use_case.gate.fairness,
    )
    if use_case.worth is not None:
        sections += (use_case.worth,)
    if use_case.learn_from is not None:
        sections += (use_case.learn_from,)
    names = (*use_case.feature_names, *use_case.slices, use_case.gate.metric)
    # A number that became a category is another model, also before its days are built again.
    names += tuple(f"{name} is a category" for name in use_case.category_names)
    return {
        "the days": repr(split),
        "features": _features(use_case, split.whole),
        "labels": _labels(use_case, split.whole),
        "the declaration": fingerprints.digest(*(section.model_dump_json() for section in sections), ",".join(names)),
        "the training code": str(TRAINING),
        **libraries,
    }


def _features(use_case: UseCase, days: DayRange) -> str:
    by_day = up_to_date.built(tables.features(use_case), days.first, days.last)
    scored = use_case.calendar.scores.includes
    return fingerprints.digest(*(f"{day}={value}" for day, value in sorted(by_day.items()) if scored(day)))


def _labels(use_case: UseCase, days: DayRange) -> str:
    if use_case.label.computed:
        built = up_to_date.built(tables.outcomes(use_case), days.first, days.last)
        scored = use_case.calendar.scores.includes
        return fingerprints.digest(*(f"{day}={value}" for day, value in sorted(built.items()) if scored(day)))
    known = deliveries.lines_of(use_case.label.sources, days.first, days.last)
    lines = [line for line in known if use_case.calendar.scores.includes(line.partition)]
    # The accepted rows are part of it: rejects that were replayed changed silver without a new delivery.
    return fingerprints.digest(
        *sorted(f"{line.partition}={line.delivery_id}/{line.accepted_rows}/{line.status}" for line in lines)
    )
