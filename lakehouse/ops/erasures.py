"""The record of erasures, ``ops.erasures``: which documents stay out, by digests of their ids, and what was taken out of where.

An id itself is nowhere in it. All erasures of a source share one salt, so that one digest of an id finds it among them. A
reader of the record who guesses an id can confirm the guess: the digest is a pseudonym, and no secret.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow.compute as pc

from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import ERASURES

ASKED, DONE = "asked", "done"

Places = Mapping[str, int]
Published = Mapping[str, Any]


@dataclass(frozen=True)
class Tombstones:
    """The documents of a source that stay out. Light enough for a worker's process.

    Attributes:
        salt: of the digests; empty where nothing was erased.
        hashes: the digests of the ids.
    """

    salt: str = ""
    hashes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.hashes)

    def has(self, document: str) -> bool:
        """Whether the document of that id stays out."""
        return bool(self.hashes) and hashed(self.salt, document) in self.hashes

    def among(self, documents: Iterable[str]) -> set[str]:
        """Those of the ids that stay out."""
        return {one for one in documents if self.has(one)} if self.hashes else set()


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """One line of the record; the fields are the table's columns, ``published`` and ``places`` parsed.

    Attributes:
        places: how many rows, files or calls were taken out of each place. While ``asked``: ``found``, of the erasure that is
            under way, and ``earlier``, of those before it that had come to an end.
    """

    source: str
    document_hash: str
    salt: str
    state: str
    reason: str
    actor: str
    published: tuple[Published, ...] = ()
    places: Mapping[str, Any] = field(default_factory=dict)
    asked_at: dt.datetime
    done_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a line that readers of the record could not interpret."""
        assert self.state in (ASKED, DONE), f"state: expected {ASKED} or {DONE}, found {self.state!r}"
        assert self.asked_at.tzinfo is not None, "asked_at: expected an instant with a time zone"


def hashed(salt: str, document: str) -> str:
    """The digest by which a document is known in the record."""
    return hashlib.sha256(f"{salt}/{document}".encode("utf-8", "surrogatepass")).hexdigest()


def of_source(source: str) -> list[Erasure]:
    """The erasures of a source, in the order in which they were asked."""
    found = map(_from_row, small_tables.read(ERASURES, pc.field("source") == source))
    return sorted(found, key=lambda one: (one.asked_at, one.document_hash))


def tombstones(source: str) -> Tombstones:
    """What stays out of a source, since it was asked; nothing else is read where nothing was."""
    found = of_source(source)
    return Tombstones(found[0].salt, frozenset(one.document_hash for one in found)) if found else Tombstones()


def is_erased(source: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids whose documents were erased from the source, or are to be."""
    return tombstones(source).among(ids)


def known(source: str, document: str) -> Erasure | None:
    """The line of a document; None where nobody has asked."""
    return next((one for one in of_source(source) if hashed(one.salt, document) == one.document_hash), None)


def ask(source: str, document: str, reason: str, actor: str, now: dt.datetime) -> Erasure:
    """Write down that a document is to be erased: from now on it stays out.

    A document that was asked about before keeps its line, with the first reason, actor and time; after an end it is open again.
    """

    def change(lines: list[Erasure]) -> Erasure:
        salt = lines[0].salt if lines else secrets.token_hex(16)
        digest = hashed(salt, document)
        before = next((one for one in lines if one.document_hash == digest), None)
        if before is None:
            places: dict[str, Any] = {"earlier": {}, "found": {}}
            return Erasure(
                source=source,
                document_hash=digest,
                salt=salt,
                state=ASKED,
                reason=reason,
                actor=actor,
                places=places,
                asked_at=now,
            )
        return _open(before)

    return _amend(source, change)


def found(erasure: Erasure, places: Places, published: Iterable[Published]) -> Erasure:
    """Write down what there is to take out, and what was published, before any of it goes.

    Of an erasure that was killed and runs again, what it found first counts: a part of it is gone by then.
    """

    def change(lines: list[Erasure]) -> Erasure:
        # Another run of the same may have come to its end meanwhile.
        now = _open(_line_of(erasure, lines))
        before = now.places["found"]
        most = {name: max(before.get(name, 0), places.get(name, 0)) for name in sorted({*before, *places})}
        seen = [*now.published, *(one for one in published if one not in now.published)]
        return replace(now, places={**now.places, "found": most}, published=tuple(seen))

    return _amend(erasure.source, change)


def finish(erasure: Erasure, now: dt.datetime) -> Erasure:
    """Write down that nothing of the document is left."""

    def change(lines: list[Erasure]) -> Erasure:
        line = _line_of(erasure, lines)
        if line.state == DONE:
            return line
        total = Counter(line.places["earlier"]) + Counter(line.places["found"])
        return replace(line, state=DONE, places=dict(sorted(total.items())), done_at=now)

    return _amend(erasure.source, change)


def _open(line: Erasure) -> Erasure:
    """The line while something may be left; after an end what was found before is kept apart."""
    if line.state == ASKED:
        return line
    return replace(line, state=ASKED, places={"earlier": line.places, "found": {}}, done_at=None)


def _amend(source: str, change: Callable[[list[Erasure]], Erasure]) -> Erasure:
    """Write the line that ``change`` makes of those of the source, unless it is there; several writers come one after the other."""
    written: list[Erasure] = []

    def lines_after(rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        lines = sorted(map(_from_row, rows), key=lambda one: (one.asked_at, one.document_hash))
        new = change(lines)
        written.append(new)
        if new in lines:
            return None
        return [_as_row(one) for one in lines if one.document_hash != new.document_hash] + [_as_row(new)]

    commits.amend_rows(ERASURES, pc.field("source") == source, f"source = {sql_quoting.literal(source)}", lines_after)
    return written[-1]


def _line_of(erasure: Erasure, lines: list[Erasure]) -> Erasure:
    return next(one for one in lines if one.document_hash == erasure.document_hash)


def _from_row(row: Mapping[str, Any]) -> Erasure:
    parsed = {"published": tuple(json.loads(row["published"])), "places": json.loads(row["places"])}
    return Erasure(**{**row, **parsed})


def _as_row(line: Erasure) -> dict[str, Any]:
    return vars(line) | {
        "published": json.dumps(line.published, sort_keys=True),
        "places": json.dumps(line.places, sort_keys=True),
    }
