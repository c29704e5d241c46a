"""The decision path of a use case as a whole: its rules and fallbacks, what their conditions may name, and their version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakehouse import fingerprints
from lakehouse.declaration import class_names

if TYPE_CHECKING:
    from lakehouse.declaration.use_case import UseCase

TYPES = {"number": "double", "category": "string"}
# The score and the decision before any rule, as conditions call them.
SCORE, DECISION = "score", "decision"


def text(use_case: UseCase) -> str:
    """All that is declared of rules and fallbacks, as JSON; empty when nothing is.

    It is recorded with the inputs of each day, so that a rule can be shown as it was when it decided.
    """
    if not use_case.judged:
        return ""
    said = {
        "rules": [rule.model_dump(exclude_defaults=True) for rule in use_case.rules],
        "fallback": [one.model_dump(exclude_defaults=True) for one in use_case.fallback],
    }
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


def version(use_case: UseCase) -> str:
    """The digest of the same, which each row carries; empty when nothing is declared."""
    return fingerprints.digest(text(use_case)) if use_case.judged else ""


def entity_types(use_case: UseCase) -> dict[str, str]:
    """The type of each column that a condition can name before there is a score.

    The columns of the entity's source, ``partition`` and ``prediction_time``, and the features. Where a feature and a column of the
    source have the same name, it means the feature.
    """
    source = use_case.source(use_case.entity.source)
    moments = {"partition": "date", "prediction_time": "timestamp"}
    return source.column_types | moments | {one.name: TYPES[one.type] for one in use_case.table_features}


def scored_types(use_case: UseCase) -> dict[str, str]:
    """The same for a condition of ``rules``: also the score, the decision where there is one, and the probability of each class."""
    decided = {DECISION: "boolean"} if use_case.binary else {DECISION: "string"} if use_case.classes else {}
    probabilities = dict.fromkeys(class_names.probability_columns(use_case.label), "double")
    return entity_types(use_case) | {SCORE: "double"} | decided | probabilities
