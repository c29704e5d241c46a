"""Whether a model can be measured, and on which rows of the holdout the champion can."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from jobs.gate.holdout import Holdout
from jobs.gate.results import ChampionResult
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelMissing, ModelRefused
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.models import artifacts, class_decision, recorded_version, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion
from lakehouse.scorers import model_files


@dataclass(frozen=True)
class Eligibility:
    """The champion before it is measured.

    Attributes:
        model: the champion.
        result: its version, and in words what prevents or narrows a comparison.
        rows: the labelled rows to compare on, at least one; None when it can't be compared.
    """

    model: ModelVersion
    result: ChampionResult
    rows: TrainingSet | None = None


def check_challenger(use_case: UseCase, challenger: ModelVersion) -> None:
    """Refuse a challenger that can't score the feature table as it is now.

    Raises:
        ModelRefused: when it needs features that the use case does not declare (any more), or as another type.
    """
    if undeclared := registry.undeclared_features(challenger, use_case):
        raise ModelRefused(
            f"model {challenger.name} version {challenger.version}: expected features that the use case declares, it "
            f"also needs {', '.join(undeclared)}; train a new version"
        )
    registry.declared_features(challenger, use_case)
    if problem := _decides_otherwise(use_case, challenger):
        raise ModelRefused(f"model {challenger.name} version {challenger.version}: {problem}; train a new version")


def _decides_otherwise(use_case: UseCase, model: ModelVersion) -> str | None:
    """Why a model of several classes, or of none, does not decide as the use case declares now."""
    try:
        loaded = model_files.load(artifacts.model_bytes(model))
    except ModelMissing:
        return None  # Measuring it says what is missing.
    return class_decision.undeclared(ClassRule.of(loaded), use_case)


def check_champion(use_case: UseCase, champion: ModelVersion, holdout: Holdout) -> Eligibility:
    """The champion is compared on the days of the holdout that it was not trained on."""
    result = ChampionResult(champion.version)
    if differs := recorded_version.problem(champion):
        return Eligibility(champion, replace(result, unusable=differs))
    if problem := ModelVersion.features.problem(champion):
        return Eligibility(champion, replace(result, unusable=problem))
    if undeclared := registry.undeclared_features(champion, use_case):
        unusable = f"it needs {', '.join(undeclared)}, which the use case no longer declares"
        return Eligibility(champion, replace(result, unusable=unusable))
    if retyped := registry.retyped_features(champion, use_case):
        return Eligibility(champion, replace(result, unusable=f"it reads {', '.join(retyped)}"))
    if problem := _decides_otherwise(use_case, champion):
        return Eligibility(champion, replace(result, unusable=problem))
    through = champion.trained_through
    if through < holdout.first:
        return Eligibility(champion, result, holdout.labelled)
    note = f"The champion was trained through {through}, the holdout is {holdout.first}..{holdout.last}"
    if through >= holdout.last:
        return Eligibility(champion, replace(result, unseen=False, note=f"{note}."))
    note = f"{note}: compared on its later days alone."
    rows = holdout.labelled.between(through + dt.timedelta(days=1), holdout.last)
    if not len(rows):
        return Eligibility(champion, replace(result, unseen=False, note=note))
    return Eligibility(champion, replace(result, note=note), rows)
