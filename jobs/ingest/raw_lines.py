"""The lines of a bronze file as they were delivered, read only where some are asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import parquet


class RawLines:
    """The lines of a bronze file, batch by batch, read from where they are first asked for."""

    def __init__(self, file: parquet.ParquetFile, rows: int) -> None:
        """``rows``: of a batch."""
        self._file, self._rows = file, rows
        self._batches: Iterator[tuple[int, pa.RecordBatch]] | None = None

    def of(self, number: int) -> pa.Array:
        """The lines of a batch; asked for in order."""
        if self._batches is None:
            self._batches = enumerate(self._file.iter_batches(self._rows, columns=["raw"]))
        return next(batch.column("raw") for found, batch in self._batches if found == number)
