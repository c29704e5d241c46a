"""The rendering of rows for people (an aligned table) and for programs (CSV, JSON)."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

FORMATS = ("table", "csv", "json")


def render(
    out: TextIO, form: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], missing: str = "NULL"
) -> None:
    """Write ``rows`` to ``out``.

    Args:
        out: where to.
        form: ``table``: every column at its full width, numbers to the right, ``missing`` where there is no value;
            ``csv``: a header line and comma-separated values, empty where there is no value; ``json``: an array with
            an object a line, null where there is no value (or none that JSON knows: NaN, infinity).
        columns: their names.
        rows: values in the order of ``columns``. Only a table waits for the last row before it writes the first.
        missing: what a table shows for None.
    """
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(value, "") for value in row] for row in rows)
    elif form == "json":
        _render_json(out, _distinct(columns), rows)
    else:
        _render_table(out, columns, list(rows), missing)


def _render_table(out: TextIO, columns: Sequence[str], rows: list[Sequence[Any]], missing: str) -> None:
    cells = [[_text(value, missing).split("\n") for value in row] for row in rows]
    widths = [
        max(len(column), *(len(line) for row in cells for line in row[at])) if cells else len(column)
        for at, column in enumerate(columns)
    ]
    right = [_all_numbers([row[at] for row in rows]) for at in range(len(columns))]

    def line(texts: Sequence[str]) -> str:
        aligned = (text.rjust(w) if r else text.ljust(w) for text, w, r in zip(texts, widths, right, strict=True))
        return "  ".join(aligned).rstrip() + "\n"

    out.write(line(columns))
    out.write("  ".join("-" * width for width in widths) + "\n")
    for row in cells:
        for at in range(max(len(cell) for cell in row)):
            out.write(line([cell[at] if at < len(cell) else "" for cell in row]))


def _render_json(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    before = "["
    for row in rows:
        record = {column: plain(value) for column, value in zip(columns, row, strict=True)}
        out.write(f"{before}\n{json.dumps(record, ensure_ascii=False)}")
        before = ","
    out.write("\n]\n" if before == "," else "[]\n")


def _distinct(columns: Sequence[str]) -> list[str]:
    # A join may give two columns one name; in an object the second would silently replace the first.
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
