"""Rows in a folder of delivered files, one a day: files that have some are written again without them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.deliver import place as places
from jobs.deliver.files_target import FilesPlace
from jobs.erase.delivered import counted
from jobs.erase.delivered.counted import TakenOut
from jobs.erase.wanted_rows import WantedRows
from lakehouse import settings
from lakehouse.declaration import FilesTarget, Target, UseCase

DRAFTS = ".*.part"


class FileRows:
    """Rows of a folder's files."""

    def __init__(self, use_case: UseCase, target: Target, declared: FilesTarget, schema: pa.Schema) -> None:
        found = places.of(use_case, target)
        assert isinstance(found, FilesPlace)
        self._place, self._schema = found, schema
        self._folder = settings.PROJECT_ROOT / declared.folder
        self._ending = f".{declared.format}"

    def count(self, wanted: WantedRows) -> int:
        """How many rows are meant."""
        return sum(int(pc.sum(wanted.mask(rows)).as_py() or 0) for _, rows in self._days())

    def those(self, wanted: WantedRows) -> TakenOut:
        """The rows that are meant, by day."""
        taken, names = TakenOut(), self._schema.names
        for _, rows in self._days():
            taken.days.update(counted.of(_tuples(rows.filter(wanted.mask(rows)), names), names).days)
        return taken

    def delete(self, wanted: WantedRows) -> TakenOut:
        """Write the files that have some again, each whole or as it was.

        Raises:
            TargetUnavailable, TargetRefused: with the reason; the file is as it was.
        """
        taken, names = TakenOut(), self._schema.names
        for day, rows in self._days():
            gone = wanted.mask(rows)
            if pc.any(gone).as_py():
                of_file = counted.of(_tuples(rows.filter(gone), names), names)
                with self._place.held(day) as held:
                    for batch in rows.filter(pc.invert(gone)).to_batches():
                        held.put(batch)
                    held.finish(_NO_NOTE)
                taken.days.update(of_file.days)
        if self._folder.is_dir():
            # What a killed delivery left.
            for draft in self._folder.glob(DRAFTS):
                draft.unlink()
        return taken

    def _days(self) -> Iterator[tuple[dt.date, pa.Table]]:
        for file in sorted(self._folder.glob(f"*{self._ending}")) if self._folder.is_dir() else ():
            if (day := _day(file)) is not None:
                rows = list(self._place.there(day))
                columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [[] for _ in self._schema]
                arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
                yield day, pa.Table.from_arrays(arrays, schema=self._schema)


# A folder keeps no notes.
_NO_NOTE: Any = None


def _day(file: Path) -> dt.date | None:
    try:
        return dt.date.fromisoformat(file.stem)
    except ValueError:
        return None


def _tuples(rows: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows.column(name).to_pylist() for name in names), strict=True)
