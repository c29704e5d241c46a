"""The columns of the gold tables that the kind of label decides: a yes or no, a value, or one of several classes."""

from __future__ import annotations

from lakehouse.declaration import Column, UseCase, class_names
from lakehouse.tables.table import col


def decided(use_case: UseCase) -> tuple[Column, ...]:
    """Of the scores: the score and what was decided by it."""
    if use_case.classes:
        return (
            col("score", "double", "probability of the decided class"),
            col("decision", "string", "the decided class: the one whose expected cost is least"),
        )
    return (
        col("score", "double", "probability of the label, or the predicted value"),
        col("decision", "boolean", "score at or above the threshold; null for a regression", nullable=True),
    )


def probabilities(use_case: UseCase) -> tuple[Column, ...]:
    """Of the scores: the probability of each of several classes."""
    late = "null by a model that was trained before this was a class"
    columns = class_names.probability_columns(use_case.label)
    return tuple(
        col(name, "double", f"probability of {text}; {late}", nullable=True)
        for name, text in zip(columns, use_case.classes, strict=True)
    )


def explained(use_case: UseCase) -> tuple[Column, ...]:
    """Of the reasons: what they speak for, where there are several classes."""
    what = "the decided class, whose margin the contributions raise and lower"
    return (col("decision", "string", what),) if use_case.classes else ()


def came(use_case: UseCase) -> tuple[Column, ...]:
    """Of the outcomes: the label that came."""
    if use_case.classes:
        place = "the class that came, by its place among the declared ones from 0; null when unlabelled"
        text = "the value that came, as text; one with a null label is none of the declared classes"
        return col("label", "double", place, nullable=True), col("label_class", "string", text, nullable=True)
    what = "the label: 1 or 0, or the value of a regression; null when unlabelled"
    return (col("label", "double", what, nullable=True),)
