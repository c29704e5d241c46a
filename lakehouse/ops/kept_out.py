"""Which delivered rows are about what was erased: by the texts that a row has for its key, or for another subject of its source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.declaration import Source, loader
from lakehouse.ops import erasures, key_text
from lakehouse.ops.erasures import Tombstones

# Begins an identity that is not a key of one column: no delivered text has it.
SEVERAL = "\0"


@dataclass(frozen=True)
class Way:
    """One way in which rows of a source are known.

    Attributes:
        columns: those that identify.
        fields: their names in the deliveries.
        types: of their values.
        subject: whom they identify; empty for the source's key.
    """

    columns: tuple[str, ...]
    fields: tuple[str, ...]
    types: tuple[str, ...]
    subject: str = ""

    @classmethod
    def of(cls, source: Source, columns: Sequence[str], subject: str = "") -> Way:
        """Rows of a source by these of its columns."""
        known = {column.name: column for column in source.columns}
        found = [known[name] for name in columns]
        return cls(
            tuple(columns), tuple(one.delivered_name for one in found), tuple(one.type for one in found), subject
        )

    def identity(self, texts: Sequence[str]) -> str:
        """What the record keeps a digest of, from the one text of each value."""
        if self.subject:
            return SEVERAL + json.dumps({self.subject: list(texts)})
        return texts[0] if len(texts) == 1 else SEVERAL + json.dumps(list(texts))


@dataclass(frozen=True)
class KeptOut:
    """What stays out of a source. Light enough for a worker's process.

    Attributes:
        ways: in which its rows are known.
        tombstones: what was erased.
        zone: of the calendar, for days.
        decimal: the mark in a number with decimals.
    """

    ways: tuple[Way, ...] = ()
    tombstones: Tombstones = field(default_factory=Tombstones)
    zone: str = "UTC"
    decimal: str = "."

    def __bool__(self) -> bool:
        """Whether anything was erased."""
        return bool(self.tombstones)

    def has(self, fields: Mapping[str, str | None]) -> bool:
        """Whether a row with these texts, by their names in the deliveries, stays out."""
        return any(self._gone(way, [fields.get(name) for name in way.fields]) for way in self.ways)

    def mask(self, rows: pa.Table) -> list[bool]:
        """Which rows stay out; the columns are those of bronze."""
        out = [False] * len(rows)
        for way in self.ways:
            texts: Iterable[tuple[str | None, ...]] = zip(
                *(rows.column(name).to_pylist() for name in way.columns), strict=True
            )
            for number, values in enumerate(texts):
                out[number] = out[number] or self._gone(way, values)
        return out

    def found(self, rows: pa.Table) -> dict[tuple[Way, tuple[str, ...]], None]:
        """What is there again of what was erased: how it is known, and the one text of each value. The columns are bronze's."""
        there: dict[tuple[Way, tuple[str, ...]], None] = {}
        for way in self.ways:
            columns = (rows.column(name).to_pylist() for name in way.columns)
            for texts in dict.fromkeys(zip(*columns, strict=True)):
                known = self._known(way, texts)
                if known is not None and self.tombstones.has(way.identity(known)):
                    there[way, known] = None
        return there

    def _gone(self, way: Way, texts: Sequence[str | None]) -> bool:
        known = self._known(way, texts)
        return known is not None and self.tombstones.has(way.identity(known))

    def _known(self, way: Way, texts: Sequence[str | None]) -> tuple[str, ...] | None:
        """The one text of each value; None where a text stands for none."""
        found = []
        for text, type_ in zip(texts, way.types, strict=True):
            one = None if text is None else key_text.of(text, type_, self.zone, self.decimal)
            if one is None:
                return None
            found.append(one)
        return tuple(found)


def of_source(source: Source) -> KeptOut:
    """What stays out of a source now; the record alone is read where nothing was ever erased."""
    found = erasures.tombstones(source.name)
    if not found:
        return KeptOut()
    ways = ways_of(source)
    has_days = any("date" in way.types for way in ways)
    zone = loader.by_source(source.name)[0].calendar.timezone if has_days else "UTC"
    return KeptOut(ways, found, zone, source.format.decimal)


def ways_of(source: Source) -> tuple[Way, ...]:
    """By its key, and by each subject that it declares."""
    return (
        Way.of(source, source.key),
        *(Way.of(source, columns, subject) for subject, columns in source.subjects.items()),
    )
