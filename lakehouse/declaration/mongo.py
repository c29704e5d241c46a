"""The MongoDB collection of a source."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from lakehouse.declaration.section import Section


def _free_of(forbidden: str, text: str) -> str:
    if not text:
        raise ValueError("a name is expected, found an empty text")
    if present := sorted(set(forbidden).intersection(text)):
        shown = " ".join("NUL" if character == "\0" else character for character in present)
        raise ValueError(f"a name without {shown} is expected, found {text!r}")
    return text


# What MongoDB allows on every platform.
Database = Annotated[str, Field(max_length=63), AfterValidator(lambda text: _free_of('/\\. "$*<>:|?\0', text))]
Collection = Annotated[str, Field(max_length=235), AfterValidator(lambda text: _free_of("$\0", text))]
TopLevelField = Annotated[str, AfterValidator(lambda text: _free_of("$.\0", text))]


class Mongo(Section):
    """The collection that a source is read from, day by day.

    ``updated_at`` names the top-level date that each change of a document sets. It determines which day's delivery a document
    belongs to, so every program that changes documents has to set it. An index on it and ``_id`` saves the server a sort.
    ``batch_rows`` is the number of documents that are requested, and in memory, at a time.
    """

    database: Database
    collection: Collection
    updated_at: TopLevelField = "updated_at"
    batch_rows: int = Field(default=1000, ge=1, le=100_000)
