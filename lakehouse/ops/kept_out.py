"""Which delivered rows are of documents that were erased: by the text that a row has for its key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lakehouse import value_text
from lakehouse.declaration import Column, Source
from lakehouse.ops import erasures
from lakehouse.ops.erasures import Tombstones

# Types of a key of which two texts are the same value only where this module says so.
TYPES = ("string", "int", "long")
WHOLE = re.compile(value_text.WHOLE)


@dataclass(frozen=True)
class KeptOut:
    """What stays out of a source. Light enough for a worker's process.

    Attributes:
        column: the one that identifies a document; empty where none does.
        delivered: its name in the deliveries.
        type: of its values.
        tombstones: the documents.
    """

    column: str = ""
    delivered: str = ""
    type: str = "string"
    tombstones: Tombstones = field(default_factory=Tombstones)

    def __bool__(self) -> bool:
        """Whether anything was erased."""
        return bool(self.tombstones)

    def has(self, text: str | None) -> bool:
        """Whether a row with that text for its key stays out."""
        return text is not None and self.tombstones.has(document_id(text, self.type))

    def mask(self, texts: Iterable[str | None]) -> list[bool]:
        """The same for several."""
        return [self.has(text) for text in texts]


def of_source(source: Source) -> KeptOut:
    """What stays out of a source now; the declaration alone is read where nothing was ever erased."""
    column = key_column(source)
    if column is None:
        return KeptOut()
    return KeptOut(column.name, column.delivered_name, column.type, erasures.tombstones(source.name))


def key_column(source: Source) -> Column | None:
    """The column that identifies a document; None where several do, or one of another type."""
    if len(source.key) != 1:
        return None
    column = next(one for one in source.columns if one.name == source.key[0])
    return column if column.type in TYPES else None


def document_id(text: str, type_: str) -> str:
    """The id that a delivered text stands for: 007 and +7 are 7 where the key is a number."""
    return str(int(text)) if type_ != "string" and WHOLE.match(text) else text
