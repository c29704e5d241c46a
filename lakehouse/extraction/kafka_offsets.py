"""Which messages of a topic belong to a window: an interval of offsets for each partition, and the words that keep it.

Partitions have the numbers 0, 1, 2 and so on, and a topic never loses one. So offsets are written in their order: ``12,0,7``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# By the number of the partition. Of one that is not there: 0.
Offsets = Mapping[int, int]

BEGINNING = "the beginning"
_FORM = re.compile(
    r"(?P<topic_id>\S+) from (?:(?P<start>the beginning|\d{4}-\d\d-\d\d) at )?(?P<begin>[\d,]+) until (?P<end>[\d,]+) "
    r"by (?P<by>\S+)(?: without (?P<missing>[\d:\- ]+))?"
)


@dataclass(frozen=True)
class OffsetWindow:
    """The messages of each partition from ``begin`` to before ``end``.

    Attributes:
        topic_id: which topic of that name: one that is deleted and made anew has another.
        begin: where the window before ended; where reading began, of a first window.
        end: the offset that follows the last one.
        by: the instant by which the messages are, as a text.
        start: where a first window begins, in words; None for one that follows another.
        missing: what was deleted before it was read, and somebody said to go on: from the first offset to the last.
    """

    topic_id: str
    begin: Offsets
    end: Offsets
    by: str
    start: str | None = None
    missing: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The window in words; :func:`parsed` reads them."""
        start = "" if self.start is None else f"{self.start} at "
        gaps = " ".join(f"{number}:{first}-{last}" for number, (first, last) in sorted(self.missing.items()))
        return (
            f"{self.topic_id} from {start}{_listed(self.begin, self.end)} until {_listed(self.end, self.end)} by {self.by}"
            f"{f' without {gaps}' if gaps else ''}"
        )

    @property
    def read_from(self) -> dict[int, int]:
        """The offset of each partition at which reading begins: behind what is missing."""
        return {
            number: self.missing[number][1] + 1 if number in self.missing else self.begin.get(number, 0)
            for number in self.end
        }


def parsed(text: str) -> OffsetWindow | None:
    """The window of such words; None when they say something else."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    missing = {}
    for gap in (match["missing"] or "").split():
        number, _, interval = gap.partition(":")
        first, _, last = interval.partition("-")
        missing[int(number)] = int(first), int(last)
    begin, end = _numbered(match["begin"]), _numbered(match["end"])
    return OffsetWindow(match["topic_id"], begin, end, match["by"], match["start"], missing)


def watermark(windows: Iterable[OffsetWindow]) -> dict[int, int] | None:
    """Where the windows end, for each partition, without a gap from the beginning; None when there are none.

    A window behind a gap does not count: the one that should be there was refused, and its messages have to be read again. All
    are of one topic.
    """
    intervals: dict[int, list[tuple[int, int]]] = {}
    for window in windows:
        for number, end in window.end.items():
            begin = 0 if window.start is not None else window.begin.get(number, 0)
            intervals.setdefault(number, []).append((begin, end))
    if not intervals:
        return None
    return {number: _reached(sorted(found)) for number, found in intervals.items()}


def ends(begin: Offsets, as_late: Mapping[int, int | None], stable: Offsets) -> dict[int, int]:
    """Where a window ends.

    Args:
        begin: where it begins.
        as_late: of each partition the first message that is as late as the window's end; None where there is none.
        stable: of each partition the offset before which nothing is of a transaction that is still open.

    Returns:
        The offset before the first message that is as late, at most the stable one; never before ``begin``.
    """
    found = {}
    for number, last in stable.items():
        late = as_late.get(number)
        found[number] = max(begin.get(number, 0), min(last if late is None else late, last))
    return found


def deleted(begin: Offsets, end: Offsets, oldest: Offsets) -> dict[int, tuple[int, int]]:
    """What a window should have and the topic has no more: of each partition the first and the last such offset.

    Args:
        begin: where the window begins.
        end: where it ends.
        oldest: the offset of the oldest message that is left.
    """
    found = {}
    for number, last in end.items():
        first, left = begin.get(number, 0), oldest.get(number, 0)
        if first < min(left, last):
            found[number] = first, min(left, last) - 1
    return found


def _reached(intervals: list[tuple[int, int]]) -> int:
    mark = 0
    for begin, end in intervals:
        if begin <= mark:
            mark = max(mark, end)
    return mark


def _listed(offsets: Offsets, numbers: Offsets) -> str:
    return ",".join(str(offsets.get(number, 0)) for number in range(len(numbers)))


def _numbered(text: str) -> dict[int, int]:
    return {number: int(offset) for number, offset in enumerate(text.split(","))}
