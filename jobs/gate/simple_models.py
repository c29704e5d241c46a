"""The baselines of the challenger's training, measured on its holdout as a champion is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.gate import measurement
from jobs.gate.measurement import Measured
from jobs.gate.results import BaselineGain
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing
from lakehouse.evaluation import day_bootstrap
from lakehouse.models import artifacts
from lakehouse.models.registry import ModelVersion
from lakehouse.scorers import named_models


def read(challenger: ModelVersion) -> Mapping[str, Any]:
    """The baselines by name, from the run that trained the challenger: fitted to the rows that it was fitted to.

    Raises:
        ModelMissing: when the run kept none, as those of earlier releases.
    """
    what = f"model {challenger.name} version {challenger.version}"
    try:
        text = artifacts.local_copy(challenger, artifacts.BASELINES).read_text(encoding="utf-8")
        return named_models.apart(text)
    except (ModelMissing, ValueError) as error:
        raise ModelMissing(
            f"{what}: expected its run to have {artifacts.BASELINES}, which gate.baselines compares it with, found none that "
            f"can be read: {error}; train a new version, or declare gate.baselines: report"
        ) from error


def compare(use_case: UseCase, challenger: Measured, baselines: Mapping[str, Any]) -> tuple[BaselineGain, ...]:
    """By how much the challenger is better than each, on the same rows and drawn days.

    A baseline of a yes or no decides yes where its probability says that this is expected to cost less.
    """
    metric, found = use_case.gate.metric, []
    own = day_bootstrap.value(metric, challenger.predictions)
    for name, model in baselines.items():
        other = measurement.of_model(model, use_case.costed_model.break_even, challenger.rows, use_case, f"the {name}")
        value = day_bootstrap.value(metric, other.predictions)
        found.append(BaselineGain(name, own, value, measurement.gain(use_case, challenger, other)))
    return tuple(found)
