"""A Delta table that serves: all its rows are replaced in one commit."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from jobs.publish.note import Note
from lakehouse import tables
from lakehouse.declaration import FeatureGroup
from lakehouse.storage import arrow_dataset, delta_log, table_shape


class DeltaServer:
    """The table, whose commits carry the note."""

    def __init__(self, group: FeatureGroup) -> None:
        self._group = group
        self._table = tables.group_serving(group)
        self.address = f"table {self._table.full_name} of the lakehouse"

    @contextmanager
    def held(self) -> Iterator[DeltaServer]:
        """The table: its commits are whole or absent, and the group's lock keeps other publications of this lakehouse away."""
        yield self

    @property
    def note(self) -> Note | None:
        """The note of its last replacement."""
        text = delta_log.rebuilt_with(self._table)
        if text is None:
            return None
        fields = json.loads(text)
        days = {"day": dt.date.fromisoformat(fields["day"])}
        return Note(**{**fields, **days, "published_at": dt.datetime.fromisoformat(fields["published_at"])})

    def replace(self, batches: Iterable[pa.RecordBatch], note: Note, whole: bool) -> None:
        """Replace the table."""
        rows = (pa.Table.from_batches([batch]) for batch in batches)
        table_shape.rebuild(self._table, rows, json.dumps(dataclasses.asdict(note), default=str))

    def stored(self, value: Any) -> Any:
        """Every value is held as it is."""
        return value

    def count(self) -> int:
        """How many rows it has, which is one a key."""
        return len(arrow_dataset.read(self._table, columns=self._group.key_names[:1]))

    def rows(self, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """The rows of these keys."""
        names, first, wanted = self._group.key_names, self._group.key_names[0], set(keys)
        where = arrow_dataset.among(first, {key[0] for key in keys})
        found = arrow_dataset.read(self._table, where).to_pylist() if keys else []
        by_key = {tuple(row[name] for name in names): tuple(row.values()) for row in found}
        return {key: row for key, row in by_key.items() if key in wanted}
