"""The studies of a use case: where each lies, and what a new one learns from those before it."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.train.search import locks, space
from jobs.train.search.space import Value
from lakehouse import settings
from lakehouse.declaration import UseCase

# What was found, for later studies; the journal beside it has every trial.
FOUND_FILE = "found.json"
# So many studies are kept, and the best trials of so many are tried first, in so much of the budget at most.
KEPT = 10
LOOKED_AT = 3
SHARE = 3


def folder(use_case: UseCase, fingerprint: str) -> Path:
    """Where the study of the training with this fingerprint lies."""
    return _of(use_case) / fingerprint


def remember(place: Path, day: dt.date, best: Mapping[str, Value], loss: float) -> None:
    """Keep what the study in ``place`` found for ``day``, and forget the oldest studies."""
    draft = place / f"{FOUND_FILE}.part"
    draft.write_text(json.dumps({"day": day.isoformat(), "best": dict(best), "loss": loss}), encoding="utf-8")
    draft.replace(place / FOUND_FILE)
    studies = [other for other in place.parent.iterdir() if other.is_dir()]
    for other in sorted(studies, key=lambda study: study.stat().st_mtime, reverse=True)[KEPT:]:
        if not locks.held(training_lock(other)):
            shutil.rmtree(other, ignore_errors=True)


def training_lock(place: Path) -> Path:
    """What a training holds while it uses the study: a second one of the same waits, and finds everything done."""
    return place.with_name(f"{place.name}.lock")


def best_of_last(use_case: UseCase, fingerprint: str, day: dt.date) -> list[dict[str, Value]]:
    """The best trial of each of the use case's last studies for days up to ``day``, the newest first.

    Points outside of the ranges as they are declared now are left out: so are studies for later days, which have seen what this
    one may not know.
    """
    found: list[dict[str, Any]] = []
    for file in _of(use_case).glob(f"*/{FOUND_FILE}"):
        if file.parent.name != fingerprint:
            found.append(json.loads(file.read_text(encoding="utf-8")) | {"study": file.parent.name})
    known = [study for study in found if study["day"] <= day.isoformat() and space.fits(use_case.model, study["best"])]
    known.sort(key=lambda study: (study["day"], study["study"]), reverse=True)
    most = min(LOOKED_AT, space.budget(use_case.model) // SHARE)
    points: list[dict[str, Value]] = []
    for study in known:
        if study["best"] not in points:
            points.append(study["best"])
    return points[:most]


def _of(use_case: UseCase) -> Path:
    return settings.load().state_root / "studies" / use_case.name
