"""The reasons of a score: as they are stored with the scores, or computed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.declaration import UseCase
from lakehouse.declaration.reserved_names import LEVEL
from lakehouse.errors import ModelRefused
from lakehouse.evaluation import shap_values
from lakehouse.models import artifacts, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion

# Features that are named when the use case declares no number.
NAMED = 5
# The distance from 1 to the next number that 32 bits can hold.
SINGLE_PRECISION = 2.0**-23


@dataclass(frozen=True)
class Reason:
    """What a feature adds to the margin; ``value`` is None where it is not known, and for the sum of the others, and a text of a
    category.
    """

    feature: str
    value: float | str | None
    contribution: float


@dataclass(frozen=True)
class ScoreReasons:
    """The reasons, the greatest first and the sum of the others last; ``stored`` or computed now.

    Attributes:
        decision: of several classes the one that they are of.
        score: its probability, computed again; None where it was not.
    """

    base_value: float
    reasons: tuple[Reason, ...]
    stored: bool
    decision: str | None = None
    score: float | None = None

    @property
    def margin(self) -> float:
        """The sum of base value and reasons."""
        return self.base_value + sum(reason.contribution for reason in self.reasons)

    @property
    def rounding(self) -> float:
        """By how much the margin may differ from the model's: XGBoost adds in single precision, and the rounding grows with
        the terms and not with their sum.
        """
        return 4 * SINGLE_PRECISION * (abs(self.base_value) + sum(abs(reason.contribution) for reason in self.reasons))


def from_rows(rows: Sequence[dict[str, Any]]) -> ScoreReasons:
    """From the rows of the reasons table for one score, by rank."""
    reasons = tuple(
        Reason(row["feature"], row["value"] if row["value"] is not None else row.get(LEVEL), row["contribution"])
        for row in rows
    )
    return ScoreReasons(rows[0]["base_value"], reasons, stored=True, decision=rows[0].get("decision"))


def compute(use_case: UseCase, model: ModelVersion, features: dict[str, Any]) -> ScoreReasons:
    """From the model's file and the feature row.

    Raises:
        ModelRefused: when the file is not what was registered, or the model reads features that the row does not have.
    """
    names = model.features
    if unknown := [name for name in names if name not in features]:
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected features that {use_case.name} declares, it also reads "
            f"{', '.join(unknown)}"
        )
    if retyped := registry.retyped_features(model, use_case):
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected features of the types that {use_case.name} declares, found "
            f"{', '.join(retyped)}"
        )
    content = artifacts.model_bytes(model)
    # Imported here, because they take seconds and stored reasons need neither.
    import numpy as np

    from lakehouse.evaluation import category_codes
    from lakehouse.models import category_record
    from lakehouse.scorers import model_files

    loaded = model_files.load(content)
    levels, values = category_record.levels_of(loaded), [features[name] for name in names]
    numbers = [
        category_codes.of_value(value, levels[name]) if name in levels else np.nan if value is None else value
        for name, value in zip(names, values, strict=True)
    ]
    row = np.array([numbers], dtype=np.float32)
    rule = ClassRule.of(loaded)
    decided = decision = score = None
    if rule is not None:
        probability = loaded.score(row)
        decided = rule.decide(probability)
        decision, score = rule.classes[decided[0]], float(probability[0, decided[0]])
    named = use_case.reasons.each if use_case.reasons else NAMED
    explained = shap_values.ranked(*loaded.contributions(row, of_class=decided), named)
    reasons = [
        Reason(names[position], values[position], float(amount))
        for position, amount in zip(explained.feature[0], explained.contribution[0], strict=True)
    ]
    if len(reasons) < len(names):
        reasons.append(Reason(shap_values.OTHERS, None, float(explained.others[0])))
    return ScoreReasons(float(explained.base[0]), tuple(reasons), stored=False, decision=decision, score=score)
