"""The rows that every parser of deliveries makes, and how a delivered file is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse import value_text
from lakehouse.declaration import Source

# Of a parsed line, besides the columns of the contract. They begin with what no name of a column may begin with.
EXTRA, RAW, MALFORMED, LINE = "_extra", "_raw", "_malformed", "_line"

Line = dict[str, str | int | None]

FORMS = {
    name: re.compile(form)
    for name, form in {
        "int": value_text.WHOLE,
        "long": value_text.WHOLE,
        "double": value_text.DECIMAL,
        "boolean": value_text.TRUTH,
        "date": value_text.DAY,
        "timestamp": value_text.INSTANT,
    }.items()
}


@dataclass(frozen=True)
class Layout:
    """What a parser has to know of a source's contract; light enough to be sent to Spark's workers.

    Attributes:
        fields: the name in the deliveries of each column, by the column's name, in declared order.
        encoding: of text files.
        delimiter: of CSV's cells.
        null_values: texts of CSV's cells that mean no value, next to an empty one.
        types: of the columns, in declared order; by them a line within a cell is told from text.
        decimal: the mark in a double of CSV.
    """

    fields: Mapping[str, str]
    types: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    null_values: tuple[str, ...] = field(default=())
    decimal: str = "."

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns in declared order."""
        return tuple(self.fields)

    @classmethod
    def of(cls, source: Source) -> Layout:
        """The layout of a source's deliveries."""
        text = source.format
        return cls(
            fields={column.name: column.delivered_name for column in source.columns},
            types=tuple(column.type for column in source.columns),
            encoding=text.encoding,
            delimiter=text.delimiter,
            null_values=text.null_values,
            decimal=text.decimal,
        )

    def fits(self, field: str, cell: str) -> bool:
        """Whether a cell of CSV may be a value of the column, or none, as far as its type tells."""
        name = self.by_field.get(field)
        form = None if name is None else FORMS.get(dict(zip(self.fields, self.types, strict=False)).get(name, ""))
        if form is None or not cell or cell in self.null_values:
            return True
        return form.match(cell.replace(self.decimal, ".")) is not None

    @property
    def by_field(self) -> dict[str, str]:
        """The column's name by its name in the deliveries."""
        return {delivered: name for name, delivered in self.fields.items()}


def schema(columns: Iterable[str]) -> pa.Schema:
    """Arrow schema of parsed lines: every value as text."""
    return pa.schema([*((name, pa.string()) for name in (*columns, EXTRA, RAW, MALFORMED)), (LINE, pa.int64())])


def broken(line: int, raw: str, why: str) -> Line:
    """A line that can't be taken apart, with the reason."""
    # Readers in other languages end a text at a NUL, and half a surrogate pair is no text.
    shown = raw.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return {LINE: line, RAW: shown, MALFORMED: why, EXTRA: None}


def table(lines: Iterable[Line], columns: Iterable[str]) -> pa.Table:
    """The lines as Arrow has them; a line without a value for a column has null."""
    found, names = list(lines), (*columns, EXTRA, RAW, MALFORMED, LINE)
    return pa.Table.from_arrays(
        [pa.array([line.get(name) for line in found], schema(columns).field(name).type) for name in names],
        schema=schema(columns),
    )
