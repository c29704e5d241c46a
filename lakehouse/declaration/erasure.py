"""Whom the rows of a source are about, and what an erasure asks for besides: so that one erasure reaches all that is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from lakehouse.declaration.section import Name, Section, refuse, twice


class SourceErasure(Section):
    """By which columns the rows of a source are about somebody, and who approves an erasure.

    ``subjects``: by the name of a subject, such as ``customer``, the column that identifies it, or several. Sources that name the
    same subject are erased from together. Where the columns are not the source's key, each row with their values goes whole.
    ``two_people``: in Airflow, who asked for an erasure can't approve it.
    """

    subjects: Mapping[Name, tuple[Name, ...]] = Field(default_factory=dict)
    two_people: bool = False

    @field_validator("subjects", mode="before")
    @classmethod
    def _one_column_or_several(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: (columns,) if isinstance(columns, str) else columns for name, columns in value.items()}

    @field_validator("subjects")
    @classmethod
    def _names_columns(cls, subjects: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for name, columns in subjects.items():
            refuse(twice(name, columns))
            if not columns:
                raise ValueError(f"{name}: expected the column that identifies a {name}, or several, found none")
        return subjects


class UseCaseErasure(Section):
    """``retrain``: a version that learned from an erased row is to be followed by one that did not."""

    retrain: bool = False
