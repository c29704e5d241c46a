"""Splitting a delivery of JSON lines into columns, every value as text, nothing lost: one document a line.

What MongoDB's relaxed Extended JSON wraps (ids, decimals, dates) is unwrapped; nested objects and lists become compact
JSON. Numbers keep the text that they were delivered with. An extracted file has a first and a last line of its own
(lakehouse/extraction/envelope.py); without the last, or with another count, it was cut off and is refused.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

from jobs.ingest.delivery_errors import HEADER, TRUNCATED
from jobs.ingest.lines import GZIP_MAGIC, Line, broken
from lakehouse.extraction import envelope

# Extended JSON's wrappers around a text that is the whole value.
WRAPPERS = frozenset({"$oid", "$numberDecimal", "$numberLong", "$numberInt", "$numberDouble", "$symbol", "$uuid"})
# What a text of JSON can hold, escaped, and a text in a table can't.
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Number(str):
    """A number by its text: 1.10 stays 1.10, and no digit of a long one is lost."""

    __slots__ = ()


def parse(content: bytes, columns: tuple[str, ...]) -> Iterator[Line]:
    """The lines of one delivery.

    Args:
        content: the file's bytes: a JSON object a line, UTF-8 with or without a byte order mark, plain or gzip.
        columns: the columns that the contract declares; a document may leave any of them out.

    Yields:
        A dict a line, as the CSV parser does.
    """
    # Read twice rather than held unpacked: whether a file is whole has to be known before its first row counts.
    try:
        count, first, last = 0, "", ""
        for line in _lines(content):
            first = line if count == 0 else first
            last = line
            count += 1
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        yield broken(1, "", f"{HEADER}expected UTF-8 text or gzip of it, found {error}")
        return
    if not count:
        yield broken(1, "", f"{HEADER}expected a JSON object a line, found an empty file")
        return
    rows: Iterator[tuple[int, str]] = enumerate(_lines(content), 1)
    if envelope.origin(first) is not None:
        if problem := _cut_off(count, envelope.documents(last)):
            yield broken(1, first.rstrip("\r\n"), problem)
            return
        rows = islice(rows, 1, count - 1)
    for number, line in rows:
        if line.strip():
            row = _row(number, line.rstrip("\r\n"), columns)
            if row["malformed"] and not line.endswith("\n"):
                row["malformed"] = f"{TRUNCATED}the last line, {number}, has no end and is broken: {row['malformed']}"
            yield row


def _lines(content: bytes) -> Iterator[str]:
    stream: Any = io.BytesIO(content)
    if content.startswith(GZIP_MAGIC):
        stream = gzip.GzipFile(fileobj=stream)
    # A line ends with a line feed alone: texts may hold other characters that look like the end of a line.
    yield from io.TextIOWrapper(stream, encoding="utf-8-sig", newline="\n")


def _cut_off(lines: int, documents: int | None) -> str | None:
    if documents is None:
        return f"{TRUNCATED}expected a last line with the count of documents, found none: extract the day again"
    if documents != lines - 2:
        return f"{TRUNCATED}expected {documents} documents as the last line says, found {lines - 2} lines"
    return None


def _row(number: int, raw: str, columns: tuple[str, ...]) -> Line:
    try:
        document = json.loads(
            raw, parse_float=Number, parse_int=Number, parse_constant=_no_constant, object_pairs_hook=_object
        )
        if not isinstance(document, dict):
            return broken(number, raw, f"expected a JSON object, found {_kind(document)}")
        values = {name: _text(document.pop(name, None)) for name in columns}
        extra = _compact(document) if document else None
        if "\\u" in raw:
            _check_escapes(*values.values(), extra)
    except RecursionError:
        return broken(number, raw, "can't be read as JSON: objects or lists are nested too deeply")
    except ValueError as error:
        return broken(number, raw, f"can't be read as JSON: {error}")
    return {**values, "extra": extra, "raw": raw, "malformed": None, "line": number}


def _text(value: Any) -> str | None:
    """A value as the text that the contract casts."""
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
            return _date(inner) or _compact(value)
    return _compact(value)


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


def _compact(value: Any) -> str:
    """A value as JSON without spaces, its numbers as they came."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{_compact(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
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
