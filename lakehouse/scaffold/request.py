"""What is asked of `python -m lakehouse new`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from lakehouse.declaration import loader
from lakehouse.declaration.calendar import FIRST, LAST
from lakehouse.errors import BadArguments

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# A contract's delivery arrives so many days late at most.
LATEST = 31


@dataclass(frozen=True)
class Request:
    """The arguments of the command.

    Attributes:
        name: of the use case.
        into: the folder that gets it, whose folders are use cases.
        landing: the landing zone.
        files: files and folders of the sample.
        key: the columns that identify a row of a day, delivered or clean.
        label: the column that is predicted, with or without its source before a point.
        entity: the source whose rows are scored; None: the label's, or the first with the key.
        known_later: columns that become known with the label.
        date_column: the column with the day of a row.
        date_format: how it is written.
        spread_from: the first of the days that are made up.
        rows_a_day: rows of each of them.
        task: what is predicted.
        positive: the value that is a yes.
        at_least: the number from which on it is one.
        label_arrives_after: days from a row's day to its label.
        timezone: of the calendar.
        owner: who answers for it.
        land: whether the sample is landed as deliveries.
    """

    name: str
    into: Path
    landing: Path
    files: tuple[str, ...]
    label: str
    key: tuple[str, ...] = ()
    entity: str | None = None
    known_later: tuple[str, ...] = ()
    date_column: str | None = None
    date_format: str | None = None
    spread_from: dt.date | None = None
    rows_a_day: int | None = None
    task: str | None = None
    positive: str | None = None
    at_least: float | None = None
    label_arrives_after: int = 1
    timezone: str = "UTC"
    owner: str = "nobody yet"
    land: bool = True

    @property
    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises:
            BadArguments: when there is none of that name.
        """
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            expected = "an IANA time zone such as Europe/Paris"
            raise BadArguments(f"--timezone {self.timezone}: expected {expected}: {error}") from error

    def check(self) -> None:
        """Refuse what can't be done, before a file is read.

        Raises:
            BadArguments: naming the argument.
        """
        check_name(self.name, self.into)
        if not 1 <= self.label_arrives_after <= LATEST:
            raise BadArguments(f"--label-arrives-after {self.label_arrives_after}: expected 1 to {LATEST} days")
        if self.spread_from is not None and not FIRST <= self.spread_from <= LAST:
            raise BadArguments(f"--spread-from {self.spread_from}: expected a day from {FIRST} to {LAST}")
        if self.spread_from is not None and self.date_column is not None:
            raise BadArguments("--spread-from: makes days up; expected it without --date-column, which has them")
        if self.date_format is not None and self.date_column is None:
            raise BadArguments("--date-format: expected --date-column too, whose form it is")
        _ = self.zone


def check_name(name: str, into: Path) -> None:
    """Refuse a name that no use case may have, or that is in use.

    Raises:
        BadArguments: with what was expected.
    """
    if not _NAME.fullmatch(name):
        raise BadArguments(
            f"new {name}: expected a name of small letters, digits and _, beginning with a letter, at most 40 characters"
        )
    if (into / name).exists():
        raise BadArguments(
            f"new {name}: {into / name} is there already, and nothing is overwritten; choose another name"
        )
    taken = next(
        (item for item in loader.find() if item.folder.name == name and item.kind in ("use case", "dataset")), None
    )
    if taken is not None:
        raise BadArguments(f"new {name}: a {taken.kind} of that name is declared already; choose another name")
