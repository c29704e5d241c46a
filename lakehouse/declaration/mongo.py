"""Where a source lies that is a MongoDB collection."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from lakehouse.declaration.section import Section


def _free_of(forbidden: str, text: str) -> str:
    if not text:
        raise ValueError("a name is expected, found an empty text")
    if found := sorted(set(forbidden).intersection(text)):
        shown = " ".join("NUL" if character == "\0" else character for character in found)
        raise ValueError(f"a name without {shown} is expected, found {text!r}")
    return text


# What MongoDB allows on every platform.
Database = Annotated[str, Field(max_length=63), AfterValidator(lambda text: _free_of('/\\. "$*<>:|?\0', text))]
Collection = Annotated[str, Field(max_length=235), AfterValidator(lambda text: _free_of("$\0", text))]
TopLevelField = Annotated[str, AfterValidator(lambda text: _free_of("$.\0", text))]


class Mongo(Section):
    """The collection that a source is read from, day by day.

    ``updated_at`` names the date, at the top of each document, that a change of the document moves. It decides which
    day's delivery a document belongs to, so it has to be written by whoever changes the document. An index on it and
    ``_id`` spares the server a sort. ``batch_rows`` is how many documents are asked for, and held in memory, at a time.
    """

    database: Database
    collection: Collection
    updated_at: TopLevelField = "updated_at"
    batch_rows: int = Field(default=1000, ge=1, le=100_000)
