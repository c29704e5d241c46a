"""JSON lines into rows, every value as text, nothing lost: one document a line.

What MongoDB's relaxed Extended JSON wraps (ids, decimals, dates) is unwrapped; nested objects and lists become compact
JSON. Numbers keep the text that they were delivered with.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from jobs.ingest.delivery_errors import TRUNCATED
from jobs.ingest.lines import EXTRA, LINE, MALFORMED, RAW, Layout, Line, broken

# Extended JSON's wrappers around a text that is the whole value.
WRAPPERS = frozenset({"$oid", "$numberDecimal", "$numberLong", "$numberInt", "$numberDouble", "$symbol", "$uuid"})
# What a text of JSON can hold, escaped, and a text in a table can't.
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Number(str):
    """A number by its text: 1.10 stays 1.10, and no digit of a long one is lost."""

    __slots__ = ()


def parse(text: str, layout: Layout, first_line: int, last: bool) -> Iterator[Line]:
    """The rows of a text of whole lines.

    Args:
        text: a JSON object a line; a line ends with a line feed, a carriage return or both.
        layout: the columns, and the fields that they are delivered as; a document may leave any of them out.
        first_line: the number of the text's first line.
        last: whether the file ends with it: a line that is cut off there means that the file is.
    """
    # Other characters that look like the end of a line are text.
    for number, line in enumerate(io.StringIO(text, newline=""), first_line):
        if not line.strip():
            continue
        row = _row(number, line.rstrip("\r\n"), layout)
        if row[MALFORMED] and last and not line.endswith(("\n", "\r")):
            row[MALFORMED] = f"{TRUNCATED}the last line, {number}, has no end and is broken: {row[MALFORMED]}"
        yield row


def _row(number: int, raw: str, layout: Layout) -> Line:
    try:
        found = document(raw)
        if not isinstance(found, dict):
            return broken(number, raw, f"expected a JSON object, found {_kind(found)}")
        values = {name: text_of(found.pop(delivered, None)) for name, delivered in layout.fields.items()}
        extra = compact(found) if found else None
        if "\\u" in raw:
            _check_escapes(*values.values(), extra)
    except RecursionError:
        return broken(number, raw, "can't be read as JSON: objects or lists are nested too deeply")
    except ValueError as error:
        return broken(number, raw, f"can't be read as JSON: {error}")
    return {**values, EXTRA: extra, RAW: raw, MALFORMED: None, LINE: number}


def document(raw: str) -> Any:
    """A text of JSON, its numbers as they are written.

    Raises:
        ValueError: when it is none, or has a field twice. RecursionError: when it is nested too deeply.
    """
    return json.loads(raw, parse_float=Number, parse_int=Number, parse_constant=_no_constant, object_pairs_hook=_object)


def text_of(value: Any) -> str | None:
    """A value as the text that the contract types."""
    if value is None:
        return None
    if isinstance(value, str):
        # An Arrow array of texts takes no subclass of them.
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if name in WRAPPERS and isinstance(inner, str):
            return str(inner)
        if name == "$date":
            return _date(inner) or compact(value)
    return compact(value)


def _date(value: Any) -> str | None:
    """A date as ISO text; None for one that no calendar of ours has."""
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("$numberLong")
        try:
            instant = EPOCH + dt.timedelta(milliseconds=int(value))
        except (TypeError, ValueError, OverflowError):
            return None
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, str) else None


def compact(value: Any) -> str:
    """A value as JSON without spaces, its numbers as they came."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{compact(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return _quoted(value)


def _quoted(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is named twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _check_escapes(*texts: str | None) -> None:
    """Refuse texts that no table can hold."""
    for text in texts:
        if text is not None and (match := NOT_TEXT.search(text)):
            what = "a NUL byte" if match[0] == "\0" else "half a surrogate pair, or bytes that are no UTF-8,"
            raise ValueError(f"expected text, found {what} in it")


def _kind(value: Any) -> str:
    if isinstance(value, Number):
        return "a number"
    return {str: "a text", list: "a list", bool: "true or false"}.get(type(value), "null")
