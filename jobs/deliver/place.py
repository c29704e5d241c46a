"""What every kind of target does: hold a day alone, take its rows, and show them at once or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa

from jobs.deliver import files_target, mongo_target, sql_target
from jobs.deliver import rows as delivered
from jobs.deliver.marker import Marker
from lakehouse.declaration import FilesTarget, MongoTarget, SqlTarget, Target, UseCase


class HeldDay(Protocol):
    """A day of a target that no other run changes meanwhile."""

    @property
    def marker(self) -> Marker | None:
        """What the target itself says that it has of the day; None: nothing, or it keeps no such note."""

    def begin(self, fingerprint: str, scores_version: int, force: bool) -> None:
        """Say what is put: which scores, and whether they also replace newer ones."""

    def put(self, rows: pa.RecordBatch) -> None:
        """Take rows; nobody sees them yet, or, in MongoDB, not all of them."""

    def finish(self, marker: Marker) -> None:
        """Replace what the target has of the day by the rows that were put."""


class Place(Protocol):
    """A target's place."""

    def held(self, day: dt.date) -> AbstractContextManager[HeldDay]:
        """The day, held alone. What was put and not finished is gone at the end.

        Raises:
            TargetUnavailable, TargetRefused, ConnectionWrong: with the reason.
        """

    def stored(self, value: Any) -> Any:
        """A value as the target can hold it."""

    def there(self, day: dt.date) -> Iterator[tuple[Any, ...]]:
        """The rows that the target has of the day, in any order, each value as in the scores."""


def of(use_case: UseCase, target: Target) -> Place:
    """The place of a declared target."""
    columns = delivered.columns(use_case, target)
    key = (*use_case.entity.key, "partition")
    match target.place:
        case SqlTarget() as place:
            return sql_target.SqlPlace(use_case.name, target.name, place, columns, key)
        case MongoTarget() as place:
            return mongo_target.MongoPlace(use_case.name, target.name, place, columns, key)
        case FilesTarget() as place:
            return files_target.FilesPlace(use_case.name, target.name, place, delivered.schema(use_case, target))
