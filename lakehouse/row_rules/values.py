"""Values of an expression for every row, and the rows for which there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration.row_rules import Type
from lakehouse.storage.table_schema import TYPES

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

ARROW = {**TYPES, "interval": pa.int64()}


class RowFailure(Exception):
    """A row for which an expression can't be evaluated; the text says why."""


@dataclass(frozen=True)
class Value:
    """What an expression gives for each row.

    Attributes:
        data: the values; null where there is none, and where the row failed.
        failure: a code of :class:`Rows` for each row, 0 where it did not fail; None where no row did.
    """

    data: Any
    failure: Codes | None = None

    @property
    def present(self) -> Mask:
        """Rows that have a value."""
        return as_mask(pc.is_valid(self.data))

    @property
    def failed(self) -> Mask:
        """Rows that failed."""
        return np.zeros(len(self.data), dtype=bool) if self.failure is None else self.failure != 0


@dataclass
class Rows:
    """The rows that are judged: how many, their columns, and why some fail."""

    count: int
    columns: dict[str, Any]
    reasons: list[str] = field(default_factory=lambda: [""])
    _codes: dict[str, int] = field(default_factory=dict)

    def code(self, reason: str) -> int:
        """The code of a reason."""
        if reason not in self._codes:
            self._codes[reason] = len(self.reasons)
            self.reasons.append(reason)
        return self._codes[reason]

    def strict(self, data: Any, given: Iterable[Value], broken: Mask | None = None, reason: str = "") -> Value:
        """The value of an operator that needs all of ``given``, looked at in this order until one is null or failed.

        Args:
            data: what it gives, null where any of ``given`` is.
            given: its operands.
            broken: rows where it can't be computed though all operands are there.
            reason: why not.
        """
        failure: Codes | None = None
        alive = np.ones(self.count, dtype=bool)
        for value in given:
            if value.failure is not None:
                found = np.where(alive, value.failure, 0)
                failure = found if failure is None else np.where(failure != 0, failure, found)
            alive &= value.present
        if broken is not None and (broken & alive).any():
            found = np.where(broken & alive, self.code(reason), 0).astype(np.int32)
            failure = found if failure is None else np.where(failure != 0, failure, found)
            data = without(data, broken)
        return Value(data, failure)

    def each(self, function: Callable[..., Any], type_: Any, *given: Value) -> Value:
        """The value of a Python function, called for each row that has all operands; it may raise RowFailure."""
        if len(given) == 1 and self.count > 1 and not pa.types.is_boolean(given[0].data.type):
            encoded = given[0].data.dictionary_encode()
            distinct = Rows(len(encoded.dictionary), {}, self.reasons, self._codes)
            found = distinct.each_row(function, type_, Value(encoded.dictionary))
            indices = encoded.indices
            data = found.data.take(indices)
            if found.failure is None:
                return Value(data, given[0].failure)
            places = indices.fill_null(0).to_numpy(zero_copy_only=False)
            failure = np.where(given[0].present, found.failure[places], 0).astype(np.int32)
            return Value(data, failure if given[0].failure is None else np.where(failure, failure, given[0].failure))
        return self.each_row(function, type_, *given)

    def each_row(self, function: Callable[..., Any], type_: Any, *given: Value) -> Value:
        """As :meth:`each`, for every row by itself."""
        results: list[Any] = []
        codes = np.zeros(self.count, dtype=np.int32)
        for index, row in enumerate(zip(*(plain(value.data) for value in given), strict=True)):
            result = None
            if None not in row:
                try:
                    result = function(*row)
                except RowFailure as failure:
                    codes[index] = self.code(str(failure))
            results.append(result)
        data = pa.array(results, type=pa.int64() if pa.types.is_temporal(type_) else type_)
        strict = self.strict(data if data.type == type_ else of_number(data, type_), given)
        if not codes.any():
            return strict
        return Value(strict.data, codes if strict.failure is None else np.where(strict.failure, strict.failure, codes))


def plain(data: Any) -> list[Any]:
    """The values as Python's; dates and timestamps as numbers, for they may lie beyond Python's years."""
    values: list[Any] = number(data).to_pylist() if pa.types.is_temporal(data.type) else data.to_pylist()
    return values


def number(data: Any) -> Any:
    """A date in days and a timestamp in microseconds since 1970, as 64-bit numbers."""
    if pa.types.is_date32(data.type):
        return data.cast(pa.int32()).cast(pa.int64())
    return data.cast(pa.int64())


def of_number(data: Any, type_: Any) -> Any:
    """The inverse of :func:`number`."""
    if pa.types.is_date32(type_):
        return data.cast(pa.int32()).cast(type_)
    return data.cast(type_)


def numpy_of(data: Any) -> Any:
    """The values in numpy; 0 where there is none."""
    plain_data = number(data) if pa.types.is_temporal(data.type) else data
    if plain_data.null_count:
        plain_data = plain_data.fill_null(pa.scalar(0).cast(plain_data.type))
    return plain_data.to_numpy(zero_copy_only=False)


def from_numpy(values: Any, type_: Any, *given: Any) -> Any:
    """An array of ``values``, null where any of the arrays ``given`` is."""
    data = pa.array(values)
    for one in given:
        if one.null_count:
            data = without(data, as_mask(pc.is_null(one)))
    return of_number(data, type_) if pa.types.is_temporal(type_) else data.cast(type_, safe=False)


def as_mask(data: Any) -> Mask:
    """A mask from booleans; False where there is none."""
    mask: Mask = data.fill_null(False).to_numpy(zero_copy_only=False)
    return mask


def without(data: Any, rows: Mask) -> Any:
    """The data, null in these rows."""
    return pc.if_else(pa.array(rows), pa.scalar(None, data.type), data)


def arrow_type(type_: Type) -> Any:
    """Arrow's type of a rule's."""
    if type_.name == "decimal":
        return pa.decimal128(type_.precision, type_.scale)
    return ARROW[type_.name]
