"""The columns that the scores of a use case have besides where it declares rules or fallbacks: what decided each row."""

from __future__ import annotations

from lakehouse.declaration import Column, UseCase
from lakehouse.tables.table import col


def columns(use_case: UseCase) -> tuple[Column, ...]:
    """None for a use case without rules and fallbacks. Null in rows from before they were declared: the model decided these."""
    if not use_case.judged:
        return ()
    decision = "string" if use_case.classes else "boolean"
    return (
        col("decided_by", "string", "model, rule or fallback: what decided the row", nullable=True),
        col("decided_by_name", "string", "which rule or fallback; null for the model", nullable=True),
        col(
            "withheld",
            "boolean",
            "whether a rule blocks the decision or sends the row to a person: it counts for nothing, and decides is false",
            nullable=True,
        ),
        col("sent_to", "string", "whom a rule sends the row to, on the row that would have decided", nullable=True),
        col("score_from", "string", "model, or the fallback that the score before any rule is from", nullable=True),
        col("score_day", "date", "of a last score: the day that it was made for", nullable=True),
        col("model_score", "double", "the model's score, before any rule; null where it did not score", nullable=True),
        col(
            "model_decision", decision, "what the model alone would have decided; null where it did not", nullable=True
        ),
        col("rules_version", "string", "digest of the declared rules and fallbacks", nullable=True),
    )
