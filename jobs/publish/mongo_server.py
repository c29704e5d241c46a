"""A MongoDB collection that serves: each publication is a generation of documents, and one document says which one counts.

A single server has no transactions. A reader reads the note in ``nightjar_serving`` whose ``_id`` is the collection's name, and
then documents of its ``generation``. The generation before stays until the next publication, for those who have just read the note.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pymongo import ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from jobs.deliver import mongo_connection, mongo_values
from jobs.deliver.mongo_connection import named
from jobs.deliver.mongo_values import Document
from jobs.publish import note as notes
from jobs.publish.note import Note
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, MongoServing
from lakehouse.errors import TargetRefused, TargetUnavailable

Key = tuple[Any, ...]

GENERATION = "nightjar_generation"


class MongoServer:
    """The collection, and beside it the collection of notes."""

    def __init__(self, group: FeatureGroup, place: MongoServing) -> None:
        self._group, self._place = group, place
        self._types = {column.name: column.type for column in tables.served_columns(group)}
        self.address = place.address
        self._what = f"publication of {group.name} v{group.version}, {self.address}"

    @contextmanager
    def held(self) -> Iterator[HeldCollection]:
        """The collection. Another run of this lakehouse waits; one of elsewhere is told apart by the version of its rows.

        Raises:
            TargetRefused: when another group is served from the collection.
        """
        with self._opened() as (rows, found):
            note = found.find_one({"_id": rows.name})
            owner = None if note is None else (note["feature_group"], note["version"])
            if owner not in (None, (self._group.name, self._group.version)):
                raise TargetRefused(
                    f"{self._what}: expected a collection of its own, found one that serves {owner[0]} v{owner[1]}, by "
                    f"{notes.NAME}; nothing was published: choose another collection"
                )
            # Without it each publication would read all generations.
            rows.create_index(GENERATION)
            yield HeldCollection(rows, found, note, self._group.key_names, self._what)

    def stored(self, value: Any) -> Any:
        """MongoDB's instants have milliseconds."""
        return mongo_values.stored(value)

    def count(self) -> int:
        """How many documents the generation has that counts."""
        with self._opened() as (rows, found):
            note = found.find_one({"_id": rows.name})
            return 0 if note is None else rows.count_documents({GENERATION: note["generation"]})

    def rows(self, keys: Sequence[Key]) -> dict[Key, tuple[Any, ...]]:
        """The documents of these keys, of the generation that counts."""
        with self._opened() as (rows, found):
            note = found.find_one({"_id": rows.name})
            if note is None:
                return {}
            names = self._group.key_names
            wanted = [
                _identity(note["generation"], dict(zip(names, map(mongo_values.written, key), strict=True)))
                for key in keys
            ]
            documents: Iterable[Document] = rows.find({"_id": {"$in": wanted}}) if wanted else []
            read = [
                {name: mongo_values.read(document, name, kind) for name, kind in self._types.items()}
                for document in documents
            ]
        return {tuple(row[name] for name in names): tuple(row.values()) for row in read}

    @contextmanager
    def _opened(self) -> Iterator[tuple[Collection[Document], Collection[Document]]]:
        with named(self._what), mongo_connection.client(self._place.connection) as client:
            database = client[self._place.database]
            yield database[self._place.collection], database[notes.NAME]


class HeldCollection:
    """The collection, while it is published to."""

    def __init__(
        self,
        rows: Collection[Document],
        found: Collection[Document],
        note: Document | None,
        key: Sequence[str],
        what: str,
    ) -> None:
        self._rows, self._notes, self._before, self._key, self._what = rows, found, note, key, what
        self.note = None if note is None else _read(note)

    def replace(self, batches: Iterable[pa.RecordBatch], note: Note, whole: bool) -> None:
        """Write the new generation, then say that it counts, then remove those before the last.

        Raises:
            TargetUnavailable: when newer rows were published meanwhile; theirs count.
        """
        # Named by its rows: a run that was killed is completed by the next one. Written again whole, it is another generation.
        generation = f"{note.fingerprint} {note.published_at.isoformat()}" if whole else note.fingerprint
        for batch in batches:
            lines = [{name: mongo_values.written(value) for name, value in row.items()} for row in batch.to_pylist()]
            written = [(_identity(generation, {name: line[name] for name in self._key}), line) for line in lines]
            if changes := [
                ReplaceOne({"_id": one}, {**line, GENERATION: generation}, upsert=True) for one, line in written
            ]:
                self._rows.bulk_write(changes, ordered=False)
        found = self._rows.count_documents({GENERATION: generation})
        if found != note.rows:
            raise TargetUnavailable(f"{self._what}: expected {note.rows} documents, found {found}: publish again")
        fields = {name: mongo_values.written(value) for name, value in dataclasses.asdict(note).items()}
        replaceable = {} if whole else {"source_version": {"$lte": note.source_version}}
        try:
            self._notes.replace_one(
                {"_id": self._rows.name, **replaceable}, {**fields, "generation": generation}, upsert=True
            )
        except DuplicateKeyError:
            self._rows.delete_many({GENERATION: generation})
            raise TargetUnavailable(
                f"{self._what}: expected to be the only publication, found that newer rows were published meanwhile, and these "
                "count; run again to see that nothing is left to do"
            ) from None
        kept = [generation] if self._before is None else [generation, self._before["generation"]]
        self._rows.delete_many({GENERATION: {"$nin": kept}})


def _identity(generation: str, key: Document) -> Document:
    return {"generation": generation, **key}


def _read(note: Document) -> Note:
    fields = {field.name: note[field.name] for field in dataclasses.fields(Note)}
    return Note(
        **{
            **fields,
            "day": dt.date.fromisoformat(note["day"]),
            "published_at": note["published_at"].replace(tzinfo=dt.UTC),
        }
    )
