"""Training and gate of the appointments, as tests call them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from jobs.gate import job as gate
from jobs.gate.arguments import GateArguments
from jobs.train import job as train
from jobs.train.arguments import TrainArguments
from lakehouse.declaration import UseCase
from lakehouse.ops import model_events
from tests.jobs import appointments

# The pictures of a run: to draw them takes a third of a training. tests/jobs/test_multiclass.py and
# tests/jobs/test_traceable_scores.py look at drawn ones.
PICTURES = "jobs.train.plots.figure.png"
FIRST_DAY = appointments.START + dt.timedelta(days=40)
NEXT_DAY = FIRST_DAY + dt.timedelta(days=8)


def without_pictures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PICTURES, lambda drawing: b"a picture")


def run_train(use_case: UseCase, day: dt.date = FIRST_DAY) -> dict[str, Any]:
    return train.run(TrainArguments(use_case=use_case.name, partition=day, actor="tests")).as_json()


def run_gate(use_case: UseCase, day: dt.date = FIRST_DAY, **more: Any) -> dict[str, Any]:
    return gate.run(GateArguments(use_case=use_case.name, partition=day, actor="tests", **more)).as_json()


def audit_log(use_case: UseCase) -> list[tuple[int, str, int | None]]:
    return [(e.model_version, e.event, e.from_version) for e in model_events.of_model(use_case.name)]
