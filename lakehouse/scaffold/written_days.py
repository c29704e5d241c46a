"""Days as people write them: which way of writing a column of texts has, and the day of each of its values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lakehouse.declaration.calendar import FIRST, LAST
from lakehouse.errors import BadArguments

# As Python's strptime has them. Of two that read the same texts differently none is chosen.
FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%Y"),
    *("%d-%b-%y", "%d%b%Y", "%a, %d %b %Y"),
)
# A clock behind a day, with or without a zone; the zone counts in ISO's way of writing alone.
_CLOCK = re.compile(
    r"(?i)[T ]\s*[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?\s*(am|pm)?\s*(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?$"
)
_ZONED = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*(Z|[+-][0-9]{2}:?[0-9]{2})$")
# So much of a column may be no day at all.
TOLERATED = 0.02
_EXAMPLES = 500


@dataclass(frozen=True)
class DayReader:
    """Reads the days of a column.

    Attributes:
        format: how a day is written.
        zone: whose midnight begins a day, for instants with an offset.
    """

    format: str
    zone: ZoneInfo
    _known: dict[str, dt.date | None] = field(default_factory=dict, compare=False, repr=False)

    def day(self, text: str | None) -> dt.date | None:
        """The day of a value; None where it has none, or one that no calendar may have."""
        if text is None:
            return None
        if _ZONED.match(text):
            try:
                return _within(dt.datetime.fromisoformat(text).astimezone(self.zone).date())
            except (ValueError, OverflowError):
                return None
        part = _CLOCK.sub("", text)
        if part not in self._known:
            self._known[part] = _read(part, self.format)
        return self._known[part]


def formats_of(texts: Iterable[str]) -> list[str]:
    """The ways of writing a day by which (nearly) all of the texts are one."""
    examples = [_CLOCK.sub("", text) for text, _ in zip(texts, range(_EXAMPLES), strict=False)]
    return [name for name in FORMATS if examples and _share(examples, name) >= 1 - TOLERATED]


def reader(column: str, texts: Iterable[str], zone: ZoneInfo) -> DayReader:
    """What reads the days of a column.

    Raises:
        BadArguments: when its values are no days, or may be read in two ways.
    """
    listed = list(texts)
    found = formats_of(listed)
    if not found:
        seen = ", ".join(listed[:3])
        raise BadArguments(
            f"--date-column {column}: expected days, found {seen or 'no value'}; name the way they are written by --date-format, "
            'such as "%d.%m.%Y", or another column'
        )
    if (
        len(found) > 1
        and len({tuple(_read(_CLOCK.sub("", text), name) for text in listed[:_EXAMPLES]) for name in found}) > 1
    ):
        raise BadArguments(
            f"--date-column {column}: {listed[0]} may be a day in {len(found)} ways; add --date-format with the right one: "
            + " or ".join(f'"{name}"' for name in found)
        )
    return DayReader(found[0], zone)


def forms_of(texts: Iterable[str]) -> list[str]:
    """The ways in which some of the texts are written as days, most frequent first; empty where most are none."""
    examples = [_CLOCK.sub("", text) for text, _ in zip(texts, range(_EXAMPLES), strict=False)]
    counts: dict[str, int] = {}
    for text in examples:
        for name in _first_format(text):
            counts[name] = counts.get(name, 0) + 1
    if sum(counts.values()) < len(examples) * 0.8:
        return []
    return sorted(counts, key=lambda name: -counts[name])


def _first_format(text: str) -> Iterator[str]:
    found = next((name for name in FORMATS if _read(text, name) is not None), None)
    if found is not None and found != "%Y%m%d":
        yield found


def _share(texts: list[str], name: str) -> float:
    return sum(_read(text, name) is not None for text in texts) / len(texts)


def _read(text: str, name: str) -> dt.date | None:
    # Python takes 1/2/24 for a year of four digits too, and blanks for none.
    if "%Y" in name and not re.search(r"(?<![0-9])[0-9]{4}(?![0-9])", text) and name not in ("%Y%m%d", "%d%b%Y"):
        return None
    if name == "%Y%m%d" and not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return _within(dt.datetime.strptime(text.strip(), name).date())
    except ValueError:
        return None


def _within(day: dt.date) -> dt.date | None:
    return day if FIRST <= day <= LAST else None
