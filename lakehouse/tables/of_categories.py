"""What tables have besides where a use case has categories."""

from __future__ import annotations

from lakehouse.declaration import Column, UseCase
from lakehouse.tables.table import col


def level(use_case: UseCase, description: str) -> tuple[Column, ...]:
    """The column ``level``, which a table has where the use case has categories."""
    return (col("level", "string", description, nullable=True),) if use_case.category_names else ()


def kinds(use_case: UseCase, others: str) -> str:
    """The kinds of rows, with that of new categories where the use case has categories."""
    return f"{others}; new category" if use_case.category_names else others
