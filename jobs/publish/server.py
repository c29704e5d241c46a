"""What every kind of serving table does: show all its new rows at once, and give rows by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa

from jobs.publish import delta_server, mongo_server, sql_server
from jobs.publish.note import Note
from lakehouse.declaration import DeltaServing, FeatureGroup, MongoServing, SqlServing

Key = tuple[Any, ...]


class Held(Protocol):
    """A serving table that no other publication changes meanwhile."""

    @property
    def note(self) -> Note | None:
        """What the table says that it has."""

    def replace(self, batches: Iterable[pa.RecordBatch], note: Note, whole: bool) -> None:
        """Make these its rows, for all readers at once; ``whole``: write also what seems to be there already.

        Raises:
            TargetUnavailable, TargetRefused: it has what it had before.
        """


class Server(Protocol):
    """Where a group is served."""

    @property
    def address(self) -> str:
        """Where that is, without a login."""

    def held(self) -> AbstractContextManager[Held]:
        """The table, held alone.

        Raises:
            TargetUnavailable, TargetRefused, ConnectionWrong: with the reason.
        """

    def stored(self, value: Any) -> Any:
        """A value as the table can hold it."""

    def count(self) -> int:
        """How many keys a reader finds."""

    def rows(self, keys: Sequence[Key]) -> dict[Key, tuple[Any, ...]]:
        """The rows of these keys, each in the order of the served columns; a key without a row is left out."""


def of(group: FeatureGroup) -> Server:
    """The place that a group declares."""
    match group.publish:
        case DeltaServing():
            return delta_server.DeltaServer(group)
        case SqlServing() as place:
            return sql_server.SqlServer(group, place)
        case MongoServing() as place:
            return mongo_server.MongoServer(group, place)
    raise AssertionError(f"{group.table_name} is published nowhere")
