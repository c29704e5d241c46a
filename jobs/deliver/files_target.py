"""A folder as target: a file a day, written beside its place and moved there when it is whole."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from jobs.deliver.marker import Marker
from lakehouse import settings
from lakehouse.declaration import FilesTarget
from lakehouse.errors import TargetRefused, TargetUnavailable
from lakehouse.metering import written
from lakehouse.storage import file_locks

READ_ROWS = 5000


class FilesPlace:
    """A folder with a file a day. Its bytes follow from the rows alone."""

    def __init__(self, use_case: str, target: str, place: FilesTarget, schema: pa.Schema) -> None:
        self._folder = settings.PROJECT_ROOT / place.folder
        self._format = place.format
        # Descriptions of columns are no part of what is delivered: a word in them would change the bytes.
        self._schema = pa.schema([field.remove_metadata() for field in schema])
        self._what = f"delivery of {use_case} to {target}, folder {place.folder}"

    def file(self, day: dt.date) -> Path:
        """The file of a day."""
        return self._folder / f"{day.isoformat()}.{self._format}"

    @contextmanager
    def held(self, day: dt.date) -> Iterator[FilesDay]:
        """The day's file, alone as far as the folder's file system has locks."""
        with ExitStack() as stack:
            with _named(self._what):
                self._folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(file_locks.locked(self._folder / ".nightjar.lock"))
                writing = FilesDay(self._what, self.file(day), self._schema)
            stack.callback(writing.discard)
            yield writing

    def stored(self, value: Any) -> Any:
        """Every value is held as it is."""
        return value

    def there(self, day: dt.date) -> Iterator[tuple[Any, ...]]:
        """The file's rows."""
        file = self.file(day)
        with _named(self._what):
            if not file.exists():
                return
            for batch in self._read(file):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def _read(self, file: Path) -> Iterator[pa.RecordBatch]:
        if self._format == "parquet":
            with parquet.ParquetFile(file) as opened:
                yield from opened.iter_batches(READ_ROWS)
            return
        # An empty cell is null, and quotes with nothing between them are the empty text.
        as_written = csv.ConvertOptions(
            column_types=self._schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        )
        quoted = csv.ParseOptions(newlines_in_values=True)
        yield from csv.open_csv(file, parse_options=quoted, convert_options=as_written)


class FilesDay:
    """The file of a day while it is written."""

    marker: Marker | None = None

    def __init__(self, what: str, file: Path, schema: pa.Schema) -> None:
        self._what, self._file, self._schema = what, file, schema
        self._draft = file.with_name(f".{file.name}.part")
        self._sink = pa.OSFile(str(self._draft), "wb")
        self._writer: Any = (
            parquet.ParquetWriter(self._sink, schema, compression="snappy")
            if file.suffix == ".parquet"
            else csv.CSVWriter(self._sink, schema)
        )

    def begin(self, fingerprint: str, scores_version: int, force: bool) -> None:
        """Nothing to say: the file is this run's alone."""

    def put(self, rows: pa.RecordBatch) -> None:
        """Write rows behind the others."""
        with _named(self._what):
            self._writer.write_batch(pa.RecordBatch.from_arrays(rows.columns, schema=self._schema))

    def finish(self, marker: Marker) -> None:
        """Move the whole file to its place, on the disk before it is seen."""
        with _named(self._what):
            self._writer.close()
            self._sink.close()
            _sync(self._draft)
            os.replace(self._draft, self._file)
            written.file(self._file.stat().st_size)
            _sync(self._file.parent)

    def discard(self) -> None:
        """Remove what was not finished."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        self._sink.close()
        self._draft.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        raise TargetRefused(
            f"{what}: expected a folder that files can be written to, found: {error}; its files are as they were: correct "
            "its rights or the declared target, and deliver again"
        ) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise TargetUnavailable(
            f"{what}: expected to write and read a file, found: {error}; the day's file is as it was: is the disk full, "
            "or the folder not mounted? Deliver again"
        ) from error
