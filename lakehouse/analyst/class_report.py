"""What an explanation says of a score whose label has several classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakehouse.analyst.shap_reasons import ScoreReasons
from lakehouse.declaration import UseCase, class_names

# What a contribution raises or lowers.
MARGIN = "its margin"


def outcome(use_case: UseCase, score: Mapping[str, Any]) -> str:
    """The decided class and the probabilities of all, the greatest first."""
    columns = class_names.probability_columns(use_case.label)
    known = [(score.get(column), name) for column, name in zip(columns, use_case.classes, strict=True)]
    listed = sorted(((value, name) for value, name in known if value is not None), key=lambda item: -item[0])
    others = ", ".join(f"{name} {value:.3f}" for value, name in listed if name != score["decision"])
    costs = " by its expected cost" if use_case.costed_model.costs else ""
    return f"Decided {score['decision']}{costs}, with a probability of {score['score']:.3f}; {others}"


def start(reasoned: ScoreReasons, score: Mapping[str, Any]) -> Iterator[str]:
    """Where the decided class starts, and what its reasons make of that."""
    name = reasoned.decision or score["decision"]
    yield f"{name} starts at {reasoned.base_value:+.3f} in every row; its reasons make that {reasoned.margin:+.3f}, and of the"
    yield f"margins of all classes that is a probability of {score['score']:.3f}:"
