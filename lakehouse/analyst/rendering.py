"""Rows for people, as an aligned table, and for programs, as CSV and JSON."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

import tabulate

FORMATS = ("table", "csv", "json")

# Of ASCII and Latin-1, and the separators that some take for line breaks; not the line feed.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")

# A column is as wide as its widest cell; the library has no argument for it.
tabulate.MIN_PADDING = 0


def render(
    out: TextIO, form: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], missing: str = "NULL"
) -> None:
    """Write ``rows`` to ``out``.

    Args:
        out: the stream.
        form: ``table``: every column at its full width, numbers to the right, ``missing`` where there is no value;
            ``csv``: a header line and comma-separated values, empty where there is no value; ``json``: an array with
            an object a line, null where there is no value, or one that JSON has no number for (NaN, infinity).
        columns: the names of the columns.
        rows: values in the order of ``columns``. A table is written after the last row is read, the others row by row.
        missing: the text for None in a table.
    """
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(value, "") for value in row] for row in rows)
    elif form == "json":
        _render_json(out, _distinct(columns), rows)
    else:
        _render_table(out, columns, list(rows), missing)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table without a header, each column at its full width, indented by two spaces."""
    cells = [[_for_terminal(text) for text in row] for row in rows]
    return [f"  {line}" for line in _tabulate(cells, tablefmt="plain").splitlines()] if cells else []


def _render_table(out: TextIO, columns: Sequence[str], rows: list[Sequence[Any]], missing: str) -> None:
    cells = [[_for_terminal(_text(value, missing)) for value in row] for row in rows]
    sides = ["right" if _all_numbers(row[at] for row in rows) else "left" for at in range(len(columns))]
    headers = [_for_terminal(name) for name in columns]
    out.write(_tabulate(cells, headers=headers, tablefmt="simple", colalign=sides) + "\n")


def _tabulate(cells: list[list[str]], **options: Any) -> str:
    # Cells are texts already: what looks like a number must keep its digits.
    lines: str = tabulate.tabulate(cells, disable_numparse=True, preserve_whitespace=True, **options)
    return lines


def _for_terminal(text: str) -> str:
    """The text without characters that a terminal obeys; a line break stays one, within its column."""
    return CONTROL.sub(lambda character: ascii(character[0])[1:-1], text)


def _render_json(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    before = "["
    for row in rows:
        record = {column: plain(value) for column, value in zip(columns, row, strict=True)}
        out.write(f"{before}\n{json.dumps(record, ensure_ascii=False)}")
        before = ","
    out.write("\n]\n" if before == "," else "[]\n")


def _distinct(columns: Sequence[str]) -> list[str]:
    # A join may give two columns one name; in an object the second value would replace the first.
    names: list[str] = []
    for column in columns:
        name, copies = column, 1
        while name in names:
            name, copies = f"{column}_{copies}", copies + 1
        names.append(name)
    return names


def _text(value: Any, missing: str) -> str:
    if value is None:
        return missing
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple | dict):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def plain(value: Any) -> Any:
    """``value`` in the types of JSON."""
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {_text(key, "null"): plain(each) for key, each in value.items()}
    if isinstance(value, date):  # and datetime, which is one
        return value.isoformat()
    return _text(value, "")


def _all_numbers(values: Iterable[Any]) -> bool:
    kinds = [
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        for value in values
        if value is not None
    ]
    return bool(kinds) and all(kinds)
