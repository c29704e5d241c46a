"""What is erased, in one source: which columns identify it, the values that it has there, and how a row of it is known."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.typed_values import typed
from lakehouse.declaration import Column, Dataset, Source
from lakehouse.errors import BadArguments
from lakehouse.ops import key_text
from lakehouse.ops.kept_out import Way
from lakehouse.storage.table_schema import TYPES

# A shorter id is part of too much: it is not looked for as a cell of a line that could not be taken apart, nor in prose.
TELLING = 4
PARSED: dict[str, Callable[[str], Any]] = {
    "string": str,
    "int": int,
    "long": int,
    "double": float,
    "boolean": "true".__eq__,
    "date": dt.date.fromisoformat,
    "timestamp": dt.datetime.fromisoformat,
}


@dataclass(frozen=True)
class Part:
    """A column that identifies it, and the value there.

    Attributes:
        column: of the source.
        text: the one text of the value, see `lakehouse.ops.key_text`.
        given: as it was typed.
    """

    column: Column
    text: str
    given: str

    @property
    def name(self) -> str:
        """Of the column."""
        return self.column.name

    @property
    def value(self) -> Any:
        """As Python has it."""
        return PARSED[self.column.type](self.text)

    @property
    def forms(self) -> tuple[str, ...]:
        """Texts that stand for the value."""
        return tuple(dict.fromkeys((self.text, self.given)))

    def equal(self, values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        """Where typed values are this one."""
        type_ = TYPES[self.column.type]
        return pc.fill_null(pc.equal(values.cast(type_), pa.scalar(self.value, type_)), False)


@dataclass(frozen=True)
class Subject:
    """What is erased from a source.

    Attributes:
        source: whose rows.
        way: the columns that identify it.
        parts: the value in each of them.
        zone: of the source's calendar.
        datasets: those whose documents the rows are.
    """

    source: Source
    way: Way
    parts: tuple[Part, ...]
    zone: str
    datasets: tuple[Dataset, ...] = ()

    @property
    def by_key(self) -> bool:
        """Whether the source's own key is what identifies it."""
        return not self.way.subject

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that identify it."""
        return self.way.columns

    @property
    def identity(self) -> str:
        """What the record of erasures keeps a digest of."""
        return self.way.identity([part.text for part in self.parts])

    @property
    def telling(self) -> bool:
        """Whether the values together are long enough to be looked for in lines and in prose."""
        return sum(len(part.text) for part in self.parts) >= TELLING

    def delivered(self, rows: pa.Table) -> pa.ChunkedArray:
        """Where delivered rows, whose values are texts, are of it."""
        return self._all(self._equal(rows, part) for part in self.parts)

    def typed(self, rows: pa.Table) -> pa.ChunkedArray:
        """The same of rows with values of their types."""
        return self._all(part.equal(rows.column(part.name)) for part in self.parts)

    def named_in(self, lines: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        """Where a line that could not be taken apart names it: in the fields of its key, or as whole cells."""
        return self._all(self._named(lines, part) for part in self.parts)

    def _equal(self, rows: pa.Table, part: Part) -> pa.ChunkedArray:
        column = rows.column(part.name)
        texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return part.equal(typed(texts, part.column.type, ZoneInfo(self.zone), self.source.format.decimal).values)

    def _named(self, lines: Any, part: Part) -> Any:
        name, end = _quoted(part.column.delivered_name), _quoted(self.source.format.delimiter)
        value = "|".join(map(_quoted, part.forms))
        found = pc.match_substring_regex(lines, rf'"{name}"\s*:\s*(\{{\s*"\$\w+"\s*:\s*)?"?({value})"?\s*([,}}]|$)')
        if self.telling:
            cell = pc.match_substring_regex(lines, rf'(^|{end})[ \t]*"?({value})"?[ \t]*({end}|$)')
            found = pc.or_(found, pc.and_(cell, pc.invert(pc.starts_with(lines, "{"))))
        return pc.fill_null(found, False)

    @staticmethod
    def _all(masks: Iterable[Any]) -> Any:
        return reduce(pc.and_, masks)


def of(source: Source, way: Way, given: Sequence[str], zone: str, datasets: Iterable[Dataset] = ()) -> Subject:
    """The subject that a person has typed the key of, for one source.

    Args:
        source: whose rows.
        way: how it is identified there.
        given: a text for each of the columns, in their order.
        zone: of the source's calendar.
        datasets: those that read the source.

    Raises:
        BadArguments: when a text is no value of its column.
    """
    known = {column.name: column for column in source.columns}
    parts = []
    for name, text in zip(way.columns, given, strict=True):
        column = known[name]
        # What a person types has a point in its numbers, whatever the deliveries have.
        one = key_text.of(text, column.type, zone)
        if one is None or not (_fits(one, column) and _is_text(one)):
            raise BadArguments(
                # Not what it is: an error goes into logs and messages.
                f"source {source.name}: --key: expected a value of {name}, which is of type {column.type}, found another of "
                f"{len(text)} characters; nothing was erased"
            )
        parts.append(Part(column, one, text))
    return Subject(source, way, tuple(parts), zone, tuple(datasets))


def _fits(text: str, column: Column) -> bool:
    bits = {"int": 31, "long": 63}.get(column.type)
    return bits is None or -(1 << bits) <= int(text) < 1 << bits


def _is_text(text: str) -> bool:
    """Whether a table can hold it."""
    return re.search("[\0\ud800-\udfff]", text) is None


def _quoted(text: str) -> str:
    """The text within an expression that Arrow reads."""
    # RE2 does not know all that Python escapes.
    return re.sub(r"[^\w\s]", lambda found: "\\" + found[0] if found[0].isascii() else found[0], text)
