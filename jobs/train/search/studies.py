"""The studies of a use case: their folders, and what a new study learns from earlier ones."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from jobs.train.search import space
from jobs.train.search.space import Value
from lakehouse import settings
from lakehouse.declaration import UseCase
from lakehouse.storage import file_locks

# The best point, for later studies; the journal next to it has every trial.
BEST_FILE = "found.json"
KEPT = 10
# A new study tries the best points of so many first, in one third of its budget at most.
LOOKED_AT = 3
SHARE = 3


@dataclass(frozen=True)
class BestPoint:
    """The parameters of a study's best trial, with its loss on validation and the day that was trained for."""

    day: dt.date
    best: Mapping[str, Value]
    loss: float


_JSON = TypeAdapter(BestPoint)


def folder(use_case: UseCase, fingerprint: str) -> Path:
    """The folder of the study of the training with this fingerprint."""
    return _studies_of(use_case) / fingerprint


def remember(folder: Path, day: dt.date, best: Mapping[str, Value], loss: float) -> None:
    """Keep the best point of the study in ``folder`` for later ones, and delete the oldest studies."""
    draft = folder / f"{BEST_FILE}.part"
    draft.write_bytes(_JSON.dump_json(BestPoint(day, dict(best), loss)))
    draft.replace(folder / BEST_FILE)
    studies = [other for other in folder.parent.iterdir() if other.is_dir()]
    for other in sorted(studies, key=lambda study: study.stat().st_mtime, reverse=True)[KEPT:]:
        if not file_locks.held(training_lock(other)):
            shutil.rmtree(other, ignore_errors=True)


def training_lock(folder: Path) -> Path:
    """The lock that a training holds while it uses the study: a second training of the same waits, and finds its version."""
    return folder.with_name(f"{folder.name}.lock")


def best_of_last(use_case: UseCase, fingerprint: str, day: dt.date) -> list[dict[str, Value]]:
    """The best trial of each of the use case's last studies for days up to ``day``, the newest first.

    Points outside of the ranges as they are declared now are left out; so are studies for later days, which saw what this one
    may not know.
    """
    known = [
        (file.parent.name, _JSON.validate_json(file.read_bytes()))
        for file in _studies_of(use_case).glob(f"*/{BEST_FILE}")
        if file.parent.name != fingerprint
    ]
    newest_first = sorted(known, key=lambda study: (study[1].day, study[0]), reverse=True)
    points: list[dict[str, Value]] = []
    for _, point in newest_first:
        if point.day <= day and space.fits(use_case.model, point.best) and point.best not in points:
            points.append(dict(point.best))
    return points[: min(LOOKED_AT, space.budget(use_case.model) // SHARE)]


def _studies_of(use_case: UseCase) -> Path:
    return settings.load().state_root / "studies" / use_case.name
