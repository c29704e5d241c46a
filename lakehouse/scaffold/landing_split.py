"""A sample's rows, written as deliveries: a file a day, those columns apart that become known later."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.scaffold.contract import Contract
from lakehouse.scaffold.day_choice import DayChoice
from lakehouse.scaffold.sample import Sample
from lakehouse.scaffold.sample_rows import Columns

# Rows that wait in memory for their files.
WAITING = 100_000
# So many keys of a sample are told apart.
MOST_KEYS = 2_000_000
# A cell may be no longer in CSV.
LONGEST_CELL = 100_000
# The column that numbers the rows where nothing identifies them.
ROW_NUMBER = "made_up_row_number"


@dataclass(frozen=True)
class Part:
    """A source that gets some of the sample's columns.

    Attributes:
        source: its name.
        columns: delivered names, the key first.
        needs: a column without which a row is no row of it; None where each is.
    """

    source: str
    columns: tuple[str, ...]


@dataclass
class Landed:
    """What the sample has a day, and what was left out.

    Attributes:
        rows: of each day.
        without_day: rows whose day is not known.
        without_key: rows with an empty value in their key.
        repeated: rows whose key was there before on their day: the last one counts.
        keys: how many different keys there are; None where too many to be counted.
        like_header: rows that repeat the names of their columns.
    """

    rows: Counter[dt.date] = field(default_factory=Counter)
    without_day: int = 0
    without_key: int = 0
    repeated: int = 0
    keys: int | None = 0
    like_header: int = 0

    @property
    def days(self) -> list[dt.date]:
        """The days with rows, in order."""
        return sorted(self.rows)


class LandingSplit:
    """Goes through a sample's rows once: counts them by day, and writes them where they are to be landed."""

    def __init__(
        self,
        sample: Sample,
        contract: Contract,
        days: DayChoice,
        key: Sequence[str],
        parts: Sequence[Part],
        folder: Path | None,
    ) -> None:
        """Prepare the pass.

        Args:
            sample: whose rows.
            contract: says which texts mean no value.
            days: says the day of each row.
            key: delivered names of the key's columns; ``ROW_NUMBER`` is made here.
            parts: the sources to write.
            folder: gets a folder a source; None to count alone.
        """
        self._sample, self._days, self._key, self._parts, self._folder = sample, days, tuple(key), tuple(parts), folder
        self._nothing = frozenset(contract.null_values)
        self._landed = Landed()
        self._seen: set[int] = set()
        self._keys: set[int] = set()
        self._number = 0
        self._waiting: dict[tuple[str, dt.date], list[tuple[str | None, ...]]] = {}
        self._waits = 0
        breaks = any(column.line_breaks or column.longest > LONGEST_CELL for column in sample.columns.values())
        # Within the quotes of a cell a line may look like a row; in JSON nothing does.
        self.ending = ".csv" if sample.source.files[0].kind == "csv" and not breaks else ".jsonl"

    def run(self) -> Landed:
        """Go through the rows."""
        for file, columns in self._sample.again():
            rows = len(next(iter(columns.values()), []))
            cells = self._cells(columns, rows)
            for row, day in enumerate(self._days.of(file, columns, rows)):
                self._take(cells, row, day)
            if self._waits >= WAITING:
                self._write()
        self._write()
        self._landed.keys = len(self._keys) if len(self._keys) < MOST_KEYS else None
        return self._landed

    def _cells(self, columns: Columns, rows: int) -> Columns:
        """The batch with nulls where a text means none, and with the numbers of its rows."""
        known = self._sample.columns
        cells: Columns = {
            name: [None if text in self._nothing else text for text in columns[name]]
            if name in columns
            else [None] * rows
            for name in known
        }
        if ROW_NUMBER in self._key and ROW_NUMBER not in known:
            cells[ROW_NUMBER] = [str(self._number + row) for row in range(1, rows + 1)]
            self._number += rows
        return cells

    def _take(self, cells: Columns, row: int, day: dt.date | None) -> None:
        landed = self._landed
        key = tuple(cells[name][row] for name in self._key)
        if day is None:
            landed.without_day += 1
            return
        if None in key:
            landed.without_key += 1
            return
        landed.rows[day] += 1
        if len(self._seen) < MOST_KEYS:
            identity = hash((day, key))
            landed.repeated += identity in self._seen
            self._seen.add(identity)
        if len(self._keys) < MOST_KEYS:
            self._keys.add(hash(key))
        if self._folder is None:
            return
        for part in self._parts:
            values = tuple(cells[name][row] for name in part.columns)
            if values == part.columns:
                landed.like_header += 1
                continue
            self._waiting.setdefault((part.source, day), []).append(values)
        self._waits += 1

    def _write(self) -> None:
        columns: Mapping[str, tuple[str, ...]] = {part.source: part.columns for part in self._parts}
        for (source, day), rows in self._waiting.items():
            assert self._folder is not None
            file = self._folder / source / f"{day}{self.ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            new = not file.exists()
            with file.open("a", encoding="utf-8", newline="") as out:
                if self.ending == ".csv":
                    writer = csv.writer(out, delimiter=self._sample.form.delimiter, lineterminator="\n")
                    writer.writerows([columns[source], *rows] if new else rows)
                else:
                    for row in rows:
                        document = {
                            name: value for name, value in zip(columns[source], row, strict=True) if value is not None
                        }
                        out.write(json.dumps(document, ensure_ascii=False) + "\n")
        self._waiting.clear()
        self._waits = 0
