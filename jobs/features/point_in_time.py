"""The point-in-time join: to each row of a population the newest row of its key that was known on its day and is not too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DAY = "partition"
# Days are numbers of less than 32 bits; a key's number and its day make one number to search by.
_SHIFT = 32
_EPOCH = 1 << 31


@dataclass(frozen=True)
class Match:
    """What the join found for each row of the population, in its order.

    Attributes:
        row: the number of the matching row; -1 where there is none.
        expired: whether the newest row of the key is too old, and so none matches.
        unknown: whether the key is complete and no row of it was found, of whichever age.
    """

    row: NDArray[np.int64]
    expired: NDArray[np.bool_]
    unknown: NDArray[np.bool_]

    def take(self, rows: pa.Table, columns: Mapping[str, str]) -> dict[str, pa.Array]:
        """The columns of the matching rows by their new names, null where no row matches."""
        index = pa.array(self.row, mask=self.row < 0)
        return {name: rows[column].combine_chunks().take(index) for name, column in columns.items()}


def match(population: pa.Table, rows: pa.Table, key: Mapping[str, str], ttl_days: int) -> Match:
    """Find for each row of the population the newest row of its key with a ``partition`` of its own day or before.

    Args:
        population: ``partition`` and the columns of the key; a row without a value in one of them matches none.
        rows: ``partition`` and the key, unique together.
        key: by column of the key in ``rows`` the column in the population.
        ttl_days: a row that is older, by its day, does not match.
    """
    count = len(population)
    codes = np.zeros(count + len(rows), dtype=np.int64)
    complete = np.ones(count, dtype=bool)
    for name, column in key.items():
        both = pa.chunked_array(
            [*population[column].chunks, *rows[name].cast(population[column].type).chunks], population[column].type
        )
        numbers = pc.fill_null(both.combine_chunks().dictionary_encode().indices, -1)
        values = np.asarray(numbers, dtype=np.int64)
        complete &= values[:count] >= 0
        # Numbered again after each column: the product of two great numbers would not fit.
        codes = np.unique(codes * (values.max(initial=0) + 2) + values + 1, return_inverse=True)[1].astype(np.int64)
    wanted = (codes[:count] << _SHIFT) + _days(population) + _EPOCH
    there = (codes[count:] << _SHIFT) + _days(rows) + _EPOCH
    order = np.argsort(there, kind="stable")
    place = np.searchsorted(there[order], wanted, side="right") - 1
    found = order[np.maximum(place, 0)] if len(order) else np.zeros(count, dtype=np.int64)
    same = (place >= 0) & complete
    if len(order):
        same &= codes[count:][found] == codes[:count]
    age = _days(population) - (_days(rows)[found] if len(order) else 0)
    live = same & (age <= ttl_days)
    return Match(np.where(live, found, -1), same & ~live, complete & ~same)


def _days(rows: pa.Table) -> NDArray[np.int64]:
    days: Any = rows[DAY].cast(pa.int32()).to_numpy()
    return np.asarray(days, dtype=np.int64)
