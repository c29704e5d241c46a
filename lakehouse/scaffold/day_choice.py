"""Which day each row of a sample belongs to: by its file's name, by a column, or made up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lakehouse.errors import BadArguments
from lakehouse.scaffold import written_days
from lakehouse.scaffold.sample import Sample
from lakehouse.scaffold.sample_files import SampleFile
from lakehouse.scaffold.sample_rows import Columns
from lakehouse.scaffold.written_days import DayReader

# A day's rows where nobody says how many: 60 days of the sample, and no day with fewer rows than this.
SPREAD_DAYS, SPREAD_ROWS = 60, 10


@dataclass(frozen=True)
class DayChoice:
    """Says the day of each row.

    Attributes:
        how: in words.
        made_up: whether the days are invented.
        column: the delivered name of the column with the day; None where there is none.
    """

    how: str
    of: Callable[[SampleFile, Columns, int], Iterator[dt.date | None]] = field(repr=False)
    made_up: bool = False
    column: str | None = None


def choose(
    sample: Sample,
    zone: ZoneInfo,
    column: str | None = None,
    written: str | None = None,
    spread_from: dt.date | None = None,
    rows_a_day: int | None = None,
) -> DayChoice:
    """How the days of a source's rows are known.

    Args:
        sample: of the source.
        zone: whose midnight begins a day.
        column: the column with the day, delivered or clean.
        written: how it is written, in strptime's way.
        spread_from: the first of the days that are made up.
        rows_a_day: how many rows a day gets then.

    Raises:
        BadArguments: when no day is known, or several columns may be meant.
    """
    if spread_from is not None:
        return _spread(sample, spread_from, rows_a_day)
    if rows_a_day is not None:
        raise BadArguments("--rows-a-day: expected --spread-from too, the first of the days that are made up")
    if column is not None:
        return _by_column(sample, sample.delivered("--date-column", column), zone, written)
    if sample.source.daily:
        return DayChoice("the day in each file's name", _of_file)
    candidates = [name for name in sample.columns if _has_days(sample, name)]
    if len(candidates) == 1:
        return _by_column(sample, candidates[0], zone, written)
    if candidates:
        raise BadArguments(
            f"--from: {sample.name} has several columns with days: {', '.join(candidates)}; add --date-column and the one that "
            "says on which day a row is to be scored"
        )
    raise BadArguments(
        f"--from: {sample.name} has neither a day in its files' names nor a column with days; add --date-column NAME, or let "
        "days be made up, a share of the rows each: --spread-from 2024-01-01"
    )


def _of_file(file: SampleFile, _: Columns, rows: int) -> Iterator[dt.date | None]:
    yield from [file.day] * rows


def _by_column(sample: Sample, name: str, zone: ZoneInfo, written: str | None) -> DayChoice:
    if written is None:
        reader = written_days.reader(name, (text for text in sample.columns[name].values), zone)
    else:
        reader = DayReader(written, zone)
        if not any(reader.day(text) for text in sample.columns[name].values):
            seen = ", ".join(list(sample.columns[name].values)[:3])
            raise BadArguments(f"--date-format {written}: expected the form of the days in {name}, found {seen}")

    def of(_: SampleFile, columns: Columns, rows: int) -> Iterator[dt.date | None]:
        yield from map(reader.day, columns.get(name, [None] * rows))

    return DayChoice(f"the column {name}, written {reader.format}", of, column=name)


def _spread(sample: Sample, first: dt.date, rows_a_day: int | None) -> DayChoice:
    a_day = rows_a_day or max(SPREAD_ROWS, -(-sample.rows // SPREAD_DAYS))
    days, number = max(1, sample.rows // a_day), -1

    def of(_: SampleFile, columns: Columns, rows: int) -> Iterator[dt.date | None]:
        # By turns, so that a file that is sorted by its label has all labels on each day.
        nonlocal number
        for _row in range(rows):
            number += 1
            yield first + dt.timedelta(days=number % days)

    return DayChoice(f"made up: {days} days from {first}, the rows by turns", of, made_up=True)


def _has_days(sample: Sample, name: str) -> bool:
    column = sample.columns[name]
    if column.empty > column.rows * written_days.TOLERATED or len(column.values) < 2:
        return False
    kind = sample.kind(name)
    if kind in ("date", "timestamp"):
        return True
    return kind in ("string", "long") and bool(written_days.formats_of(column.values))
