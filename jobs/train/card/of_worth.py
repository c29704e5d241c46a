"""What a model card says of the worth of decisions."""

from __future__ import annotations

from lakehouse.declaration import UseCase
from lakehouse.declaration.worth import OF_DECISIONS, OF_ERRORS

_WORDS = {
    "true_positive": "a right yes",
    "false_positive": "a wrong yes",
    "true_negative": "a right no",
    "false_negative": "a wrong no",
    "per_unit_over": "a unit too much",
    "per_unit_under": "a unit too little",
}


def words(use_case: UseCase) -> str:
    """The declared amounts in words; empty when there are none."""
    worth = use_case.worth
    if worth is None:
        return ""
    if use_case.classes:
        rights = ", ".join(f"{name} {worth.decisions[name][name]:g}" for name in use_case.classes)
        return f"in {worth.currency}; a right decision is worth, by class: {rights}"
    names = OF_DECISIONS if use_case.binary else OF_ERRORS
    amounts = zip(names, worth.amounts(names), strict=True)
    return f"in {worth.currency}: " + ", ".join(f"{_WORDS[name]} {amount:g}" for name, amount in amounts)
