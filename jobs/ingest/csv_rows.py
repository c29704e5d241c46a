"""CSV text into rows, line after line: what a damaged file has lost is counted in lines, not in the rows that it seems to have.

A stray quote can take hundreds of lines into one cell. So a row that can't be split, or has another number of columns, is
rejected with *each* of its lines; and so is a row whose cell holds lines that are rows themselves.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from jobs.ingest.delivery_errors import TRUNCATED
from jobs.ingest.lines import EXTRA, LINE, MALFORMED, RAW, Layout, Line, broken

BLANKS = " \t"
ORDER_MARK = "\ufeff"


def parse(text: str, layout: Layout, header: list[str], first_line: int, last: bool) -> Iterator[Line]:
    """The rows of a text that begins where a row begins.

    Args:
        text: lines of a CSV file behind its header.
        layout: how the file is written.
        header: the names of its columns.
        first_line: the number of the text's first line.
        last: whether the file ends with it: a row that is cut off there means that the file is.

    Yields:
        A line for each row, and one for each line of a row that is rejected here.
    """
    lines = _Recorder(text, first_line)
    reader = csv.reader(lines, strict=True, delimiter=layout.delimiter)
    by_field = layout.by_field
    names = [by_field.get(name) for name in header]
    unknown = [index for index, name in enumerate(names) if name is None]
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield from lines.rejected(f"can't be split into columns: {error}", last)
            continue
        if not cells:
            lines.taken.clear()
            continue
        if problem := _problem(cells, lines.taken, header, layout):
            yield from lines.rejected(problem, last)
            continue
        values = {name: _value(cell, layout) for name, cell in zip(names, cells, strict=True) if name is not None}
        extra = {header[index]: cells[index] for index in unknown}
        yield {
            **values,
            EXTRA: json.dumps(extra) if extra else None,
            RAW: "".join(lines.taken).rstrip("\r\n"),
            MALFORMED: None,
            LINE: lines.first,
        }
        lines.taken.clear()


def _value(cell: str, layout: Layout) -> str | None:
    text = cell.strip(BLANKS)
    return None if not text or text in layout.null_values else text


def _problem(cells: list[str], taken: list[str], header: list[str], layout: Layout) -> str | None:
    """Why a row that could be split is none; None when it is one."""
    if any("\0" in line for line in taken):
        return "expected text, found a NUL byte"
    if any(ORDER_MARK in line for line in taken):
        return "expected text, found a byte order mark within the file: were two files joined?"
    if len(cells) != len(header):
        return f"expected {len(header)} columns, found {len(cells)}"
    if [cell.strip(BLANKS) for cell in cells] == header:
        return "expected a row, found the header again: were two files joined?"
    if len(taken) > 1 and swallowed(taken, header, layout):
        return (
            f"expected a cell, found {len(taken)} lines within its quotes that are rows themselves: is a quote missing or "
            "one too many?"
        )
    return None


def swallowed(taken: list[str], header: list[str], layout: Layout) -> bool:
    """Whether lines within a quoted cell are rows of the file, taken in by a stray quote.

    Honest text has line breaks and commas too. But a line of it hardly ever has as many cells as the file's rows have, of the
    types that they have, and none with a blank before it. One such line between the first and the last is enough; of the first
    and the last, which hold the row's own other cells too, both have to look so.
    """
    if len(header) == 1:
        return False

    def like_a_row(line: str) -> bool:
        cells = line.rstrip("\r\n").split(layout.delimiter)
        return (
            len(cells) == len(header)
            and not any(cell.startswith(tuple(BLANKS)) for cell in cells[1:])
            and all(layout.fits(name, cell.strip('"' + BLANKS)) for name, cell in zip(header, cells, strict=True))
        )

    first, *inner, last = map(like_a_row, taken)
    return any(inner) or (first and last)


class _Recorder:
    """An iterator over lines that remembers what the CSV reader took for the current row."""

    def __init__(self, text: str, first_line: int) -> None:
        self._lines = io.StringIO(text, newline="")
        self._next = first_line
        self.taken: list[str] = []

    def __iter__(self) -> _Recorder:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        self._next += 1
        return line

    @property
    def first(self) -> int:
        """The number of the current row's first line."""
        return self._next - len(self.taken)

    def rejected(self, why: str, last: bool) -> Iterator[Line]:
        """Each line of the current row, with the reason."""
        first = self.first
        cut = last and self.taken and not self.taken[-1].endswith(("\n", "\r"))
        if cut:
            why = f"{TRUNCATED}the last line, {self._next - 1}, has no end and is broken: {why}"
        elif len(self.taken) > 1:
            why = f"{why} (one row of the lines {first} to {self._next - 1}, by its quotes)"
        for number, line in enumerate(self.taken, first):
            if line.strip("\r\n"):
                yield broken(number, line.rstrip("\r\n"), why)
        self.taken.clear()
