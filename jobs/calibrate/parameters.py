"""The parameters that the models of the walk are trained with: the weeks are measured, not a search."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.train.search import space
from jobs.train.search.space import Value
from lakehouse.declaration import UseCase
from lakehouse.models import artifacts, champion_record, recorded_version


@dataclass(frozen=True)
class Parameters:
    """A point of the declared ranges, and in words where it is from."""

    point: Mapping[str, Value]
    origin: str


def choose(use_case: UseCase, known_on: dt.date | None = None) -> Parameters:
    """The champion's, where there is one whose parameters lie within the declared ranges; else the middle of each range.

    Where the audit log has no champion no tracking server is asked.

    Args:
        use_case: declares the ranges.
        known_on: a champion that was trained for a later day is not looked at; None: any is.
    """
    middle = Parameters(space.middles(use_case.model), "the middle of each range")
    changes = champion_record.changes(use_case.name)
    if not changes:
        return middle
    number = changes[-1].model_version
    model = recorded_version.version(use_case.name, number)
    if known_on is not None and (model.trained_for is None or model.trained_for > known_on):
        return middle
    result = json.loads(artifacts.local_copy(model, artifacts.RESULT).read_text(encoding="utf-8"))
    point = {name: value for name, value in result["best_params"].items() if name != "rounds"}
    return Parameters(point, f"those of version {number}") if space.fits(use_case.model, point) else middle
