"""Parquet files without some of their rows: the same columns, notes, groups and packing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from lakehouse.storage import places

# Given the rows of a group and the number of its first, which of them go.
Gone = Callable[[pa.Table, int], np.ndarray]


def write_without(file: Path, target: Path, gone: Gone, **settings: Any) -> int:
    """Write a file again without some of its rows, and return how many are left.

    Args:
        file: as it is.
        target: written to.
        gone: which rows go.
        settings: of the writer, besides those that the file tells.
    """
    with ExitStack() as held:
        opened = parquet.ParquetFile(file if places.is_local(file) else held.enter_context(file.open("rb")))
        return _write(opened, target, gone, {"compression": _packing(opened)} | settings)


def _write(opened: parquet.ParquetFile, target: Path, gone: Gone, settings: dict[str, Any]) -> int:
    left, first = 0, 1
    with parquet.ParquetWriter(target, opened.schema_arrow, **settings) as writer:
        for number in range(opened.num_row_groups):
            rows = opened.read_row_group(number)
            kept = _without_unused(rows.filter(pa.array(~gone(rows, first))))
            first += len(rows)
            left += len(kept)
            if len(kept):
                writer.write_table(kept, row_group_size=len(kept))
    return left


def _without_unused(rows: pa.Table) -> pa.Table:
    """The rows without what dictionaries still have of others: Arrow keeps a dictionary whole when rows go."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            plain = rows.column(place).cast(field.type.value_type)
            rows = rows.set_column(place, field, pc.dictionary_encode(plain).cast(field.type))
    return rows


def numbered(lines: Collection[int]) -> Gone:
    """The rows of these numbers; the first of the file is 1."""
    wanted = np.fromiter(lines, np.int64)

    def gone(rows: pa.Table, first: int) -> np.ndarray:
        return np.isin(np.arange(first, first + len(rows)), wanted)

    return gone


def _packing(opened: parquet.ParquetFile) -> str:
    if not opened.num_row_groups or not opened.metadata.num_columns:
        return "snappy"
    found: str = opened.metadata.row_group(0).column(0).compression
    return "none" if found == "UNCOMPRESSED" else found.lower()
