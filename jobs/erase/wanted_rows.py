"""Which rows of a table are meant: those with the values of one of several conditions, each a value of some columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

# Between the texts of several columns: no text of a table has it.
BETWEEN = "\0"


@dataclass(frozen=True)
class WantedRows:
    """Rows by the values that they have.

    Attributes:
        conditions: by column the value that a row has, one of them being enough.
        by_bronze: whether some are known by the erased rows in bronze alone, if there are any: when these are gone, nobody finds
            them again.
    """

    conditions: tuple[Mapping[str, Any], ...] = ()
    by_bronze: bool = False

    def __bool__(self) -> bool:
        """Whether any may be meant."""
        return bool(self.conditions)

    def __or__(self, other: WantedRows) -> WantedRows:
        """Those of both."""
        new = [one for one in other.conditions if one not in self.conditions]
        return WantedRows((*self.conditions, *new), self.by_bronze or other.by_bronze)

    @cached_property
    def columns(self) -> list[str]:
        """The columns that tell."""
        return sorted({name for one in self.conditions for name in one})

    def mask(self, rows: pa.Table) -> pa.ChunkedArray:
        """Which rows are meant."""
        masks = (_mask(rows, names, values) for names, values in self._grouped())
        nothing = pa.chunked_array([pa.repeat(False, len(rows))])
        return reduce(pc.or_, masks, nothing)

    def _grouped(self) -> Iterable[tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
        found: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for one in self.conditions:
            names = tuple(sorted(one))
            found.setdefault(names, []).append(tuple(one[name] for name in names))
        return found.items()


def _mask(rows: pa.Table, names: tuple[str, ...], values: list[tuple[Any, ...]]) -> pa.ChunkedArray:
    """Compared as texts, which Arrow writes alike on both sides."""
    types = [rows.schema.field(name).type for name in names]
    wanted = [one_zero(pa.array(one, type_)) for one, type_ in zip(zip(*values, strict=True), types, strict=True)]
    there = [one_zero(rows.column(name)) for name in names]
    if len(names) == 1:
        return pc.is_in(there[0], value_set=wanted[0])
    return pc.is_in(_joined(there), value_set=_joined(wanted))


def one_zero(values: Any) -> Any:
    """The values, zero below zero being the same one: Arrow finds but the very bits among others."""
    return pc.add(values, 0.0) if pa.types.is_floating(values.type) else values


def _joined(columns: Iterable[Any]) -> Any:
    texts = [pc.fill_null(column.cast(pa.string()), BETWEEN) for column in columns]
    return pc.binary_join_element_wise(*texts, BETWEEN)
