"""The columns that the gold tables have where the label has several classes, and no other use case's have."""

from __future__ import annotations

from lakehouse.declaration import Column, UseCase, class_names
from lakehouse.tables.table import col

# Of the scores, in the place of a number and a yes or no.
DECIDED = (
    col("score", "double", "probability of the decided class"),
    col("decision", "string", "the decided class: the one whose expected cost is least"),
)
# Of the reasons.
EXPLAINED = col("decision", "string", "the decided class, whose probability the contributions raise and lower")
# Of the outcomes.
CAME = (
    col("label", "double", "the class that came, by its place among the declared ones from 0; null when unlabelled", nullable=True),
    col(
        "label_class",
        "string",
        "the value that came, as text; one with a null label is none of the declared classes",
        nullable=True,
    ),
)  # fmt: skip


def probabilities(use_case: UseCase) -> tuple[Column, ...]:
    """A column of the scores for each class."""
    return tuple(
        col(name, "double", f"probability of {text}; null by a model that was trained before this was a class", nullable=True)
        for name, text in zip(class_names.probability_columns(use_case.label), use_case.classes, strict=True)
    )  # fmt: skip
