"""The feed simulator: lands the flights of 2013 as the daily files that an airline's data desk would deliver.

    python -m include.flight_delays.demo.feed --from 2013-01-01 --to 2013-05-31 [--source flight_schedule weather]

A delivery is ``<LANDING_ROOT>/<source>/<YYYY-MM-DD>.csv``: comma-separated UTF-8 with a header line, missing values
empty. ``flight_schedule``, ``flight_outcomes`` and ``weather`` have one every day; ``planes`` is one reference file,
dated January 1st, and landed when that day is requested. The same day always gives the same bytes. Messy data is
delivered as it is (two readings for one hour when the clocks go back, hours without a reading, a last day without
any): the contract handles that.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.flight_delays.demo import nycflights
from lakehouse import settings
from lakehouse.errors import BadArguments, NightjarError, ServiceUnavailable
from lakehouse.storage import places


@dataclass(frozen=True)
class Landed:
    """What ``deliver`` did for one source: deliveries in the range, their rows, and how many were new or changed."""

    source: str
    deliveries: int
    rows: int
    written: int


def deliver(landing_root: Path | str, first: date, last: date, sources: Iterable[str] | None = None) -> list[Landed]:
    """Land the deliveries of ``first`` to ``last``, both included.

    Each file appears whole or not at all, and one that already holds the same bytes is left untouched.

    Args:
        landing_root: folder under which each source has its own.
        first: first day, in 2013.
        last: last day, in 2013, not before ``first``.
        sources: names of the sources to land; all of them when not given.

    Raises:
        BadArguments: days outside 2013 or in the wrong order, or an unknown source. ServiceUnavailable: the folder can't be
            written to.
    """
    chosen = _chosen(sources)
    days = _days(first, last)
    files: dict[str, nycflights.DailyLines] = {}
    landed = []
    for source in chosen:
        if source.file not in files:
            files[source.file] = nycflights.read(source.file, days, daily=source.daily)
        count = rows = written = 0
        for day in days if source.daily else [day for day in days if day == nycflights.FIRST_DAY]:
            records = files[source.file].rows(source, day)
            path = places.of(landing_root) / source.name / f"{day.isoformat()}.csv"
            written += _land(path, nycflights.as_csv(source.columns, records))
            count += 1
            rows += len(records)
        landed.append(Landed(source.name, count, rows, written))
    return landed


def _chosen(names: Iterable[str] | None) -> list[nycflights.FeedSource]:
    chosen = list(nycflights.SOURCES) if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in nycflights.SOURCES:
            raise BadArguments(f"unknown source {name!r}: expected one of {', '.join(nycflights.SOURCES)}")
    return [nycflights.SOURCES[name] for name in chosen]


def _days(first: date, last: date) -> list[date]:
    if first > last:
        raise BadArguments(f"the first day, {first}, is after the last, {last}")
    if first < nycflights.FIRST_DAY or last > nycflights.LAST_DAY:
        raise BadArguments(
            f"{first} to {last} is outside the data: expected days from {nycflights.FIRST_DAY} to {nycflights.LAST_DAY}"
        )
    return [first + timedelta(days=after) for after in range((last - first).days + 1)]


def _land(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    # The name hides it from readers that look for *.csv; the process id keeps two feeds from writing into one file.
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if not places.is_local(path):
            path.write_bytes(content)
            return True
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ServiceUnavailable(
            f"{path}: expected to write it, found: {error.strerror or error}; complete files stay: make room or "
            "correct the folder's permissions, and run again"
        ) from error
    return True


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadArguments(f"{text!r} is not a day: expected YYYY-MM-DD, such as 2013-06-01") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code: 0 done (also when all was there already), 2 bad arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m include.flight_delays.demo.feed",
        description="Land daily deliveries of the New York flights of 2013.",
    )
    parser.add_argument("--from", dest="first", required=True, metavar="YYYY-MM-DD", help="first day")
    parser.add_argument("--to", dest="last", required=True, metavar="YYYY-MM-DD", help="last day")
    names = ", ".join(nycflights.SOURCES)
    parser.add_argument("--source", nargs="+", action="extend", metavar="NAME", help=f"default all: {names}")
    options = parser.parse_args(arguments)
    root = places.of(settings.load().landing_root)
    try:
        landed = deliver(root, _day(options.first), _day(options.last), options.source)
    except NightjarError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for each in landed:
        kept = each.deliveries - each.written
        print(
            f"{each.source}: {each.deliveries} deliveries, {each.rows} rows in {root / each.source}"
            f" ({each.written} written, {kept} already there)"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
