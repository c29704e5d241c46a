"""Rows on disk, in bounded memory: read again in an order that the order of their pages does not decide."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from lakehouse.errors import ServiceUnavailable
from lakehouse.value_text import text_of

# Rows that are written at once; SQLite keeps 16 MB of the rest in memory.
BATCH = 500
CACHE_KB = 16_000

Row = Mapping[str, Any]


class RowStore:
    """Rows as lines of canonical JSON: field name to the value's text, sorted by name.

    They lie in a temporary database without a name, which is gone with the process however that ends.

    Args:
        key: names of the fields that say which rows are of one thing.
    """

    def __init__(self, key: tuple[str, ...] = ()) -> None:
        self._key = key
        self._waiting: list[tuple[bytes, bytes]] = []
        self._database = sqlite3.connect("", isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE", f"cache_size = -{CACHE_KB}"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, key BLOB, line BLOB)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, row: Row) -> None:
        """Keep a row, as the next one.

        Raises:
            TypeError: when it is no mapping of texts to values that have a text. ServiceUnavailable: when there is no room.
        """
        texts = as_texts(row)
        key = {name: texts.get(name) for name in self._key}
        self._waiting.append((_canonical(key), _canonical(texts)))
        if len(self._waiting) >= BATCH:
            self._write()

    def by_key(self) -> Iterator[bytes]:
        """Each different line once: by its key, lines of one key in the order in which they were added last.

        So rows that a service repeats or sends in another order give the same lines, and where one key has several values the
        one that was told last is the last.
        """
        return self._select("SELECT line FROM rows GROUP BY key, line ORDER BY key, max(number)")

    def as_added(self) -> Iterator[Row]:
        """The rows in the order in which they were added, their values as texts."""
        return map(json.loads, self._select("SELECT line FROM rows ORDER BY number"))

    def digest(self) -> str:
        """Of the set of different rows, whatever their order."""
        digest = hashlib.sha256()
        for line in self._select("SELECT DISTINCT line FROM rows ORDER BY line"):
            digest.update(line + b"\n")
        return digest.hexdigest()

    def _write(self) -> None:
        with _room():
            # One transaction, or each row would be one.
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO rows (key, line) VALUES (?, ?)", self._waiting)
            self._database.execute("COMMIT")
        self._waiting.clear()

    def _select(self, query: str) -> Iterator[bytes]:
        self._write()
        with _room():
            for (line,) in self._database.execute(query):
                yield line


def as_texts(row: object) -> dict[str, str | None]:
    """A row's fields, each value as the text that its type is written as.

    Raises:
        TypeError: when it is no mapping, the name of a field is no text, or a value has none; the value is not shown.
    """
    if not isinstance(row, Mapping):
        raise TypeError(f"expected a mapping of field name to value, such as a dict, found {type(row).__name__}")
    texts = {}
    for name, value in row.items():
        if not isinstance(name, str):
            raise TypeError(f"expected the name of a field to be a text, found {type(name).__name__}")
        try:
            texts[str(name)] = text_of(value)
        # A value that holds itself, or one whose own methods fail, has no text either.
        except Exception as error:
            raise TypeError(f"field {name}: {error}") from error
    return texts


def _canonical(texts: dict[str, str | None]) -> bytes:
    text = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Lone surrogates have no UTF-8; escaped, they reach ingest.
        return json.dumps(texts, sort_keys=True, separators=(",", ":")).encode()


@contextmanager
def _room() -> Iterator[None]:
    """A full disk as a named error.

    Raises:
        ServiceUnavailable: when the temporary folder has no room.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise ServiceUnavailable(
            f"the temporary folder: expected room for the fetched rows, found: {error}; nothing has landed: make room, or set "
            "TMPDIR to another folder, and run again"
        ) from error
