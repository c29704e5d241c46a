"""The targets of a use case, and what serves a feature group: rows about a subject go there too, and the books are corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from jobs.deliver import rows as delivered
from jobs.deliver.rows import Checksum
from jobs.erase.delivered import counted, file_rows, mongo_rows, sql_rows
from jobs.erase.delivered.counted import TakenOut
from jobs.erase.wanted_rows import WantedRows
from lakehouse import tables
from lakehouse.declaration import (
    FeatureGroup,
    FilesTarget,
    MongoServing,
    MongoTarget,
    SqlServing,
    SqlTarget,
    Target,
    UseCase,
)
from lakehouse.errors import ConnectionWrong, NightjarError, TargetRefused, TargetUnavailable
from lakehouse.ops import exports
from lakehouse.ops.exports import Export

NO_ANSWER = (TargetUnavailable, TargetRefused, ConnectionWrong)


class Rows(Protocol):
    """Rows that lie elsewhere."""

    def count(self, wanted: WantedRows) -> int:
        """How many are meant."""

    def those(self, wanted: WantedRows) -> TakenOut:
        """The rows that are meant, by day; nothing is changed."""

    def delete(self, wanted: WantedRows) -> TakenOut:
        """Delete them."""


@dataclass
class Elsewhere:
    """One place outside of the lakehouse that may have rows about a subject.

    Attributes:
        name: for people.
        rows: there.
        wanted: which of them.
        use_case: whose target it is, and ``target``: its name; empty for what serves a group.
        unseen: why it could not be looked at; empty where it could.
    """

    name: str
    rows: Rows
    wanted: WantedRows
    use_case: str = ""
    target: str = ""
    unseen: str = field(default="", init=False)

    def found(self) -> Mapping[str, int]:
        """Its rows; a place that does not answer has none that are known, and ``unseen`` says so."""
        self.unseen = ""
        if not self.wanted:
            return {}
        try:
            return {self.name: self.rows.count(self.wanted)}
        except NO_ANSWER as error:
            self.unseen = _told(self.name, error)
            return {}

    def take_out(self) -> list[str]:
        """Delete them, and correct what the books say of their days; a place that does not answer is named."""
        if not self.wanted:
            return []
        try:
            if self.target:
                self._correct_books(self.rows.those(self.wanted))
            self.rows.delete(self.wanted)
        except NO_ANSWER as error:
            return [_told(self.name, error)]
        return []

    def _correct_books(self, going: TakenOut) -> None:
        """The books first: after a kill the rows are there still, and say whose days are meant."""
        for line in exports.of_use_case(self.use_case, [self.target], going.days):
            if line.state != exports.SENT or line.checksum is None or line.rows is None:
                continue
            rows = going.days[line.partition]
            if not _is_less(line, rows):
                new = counted.less(line.checksum, rows)
                exports.ended(replace(line, rows=line.rows - rows.rows, checksum=new))


def of_use_case(use_case: UseCase, wanted: WantedRows) -> list[Elsewhere]:
    """The targets that it declares."""
    return [
        Elsewhere(f"target {one.name} of {use_case.name}", _of_target(use_case, one), wanted, use_case.name, one.name)
        for one in use_case.deliver
    ]


def of_group(group: FeatureGroup, wanted: WantedRows) -> list[Elsewhere]:
    """What serves the group; a table of the lakehouse is one of the group's own."""
    name = f"serving of {group.name} v{group.version}"
    match group.publish:
        case SqlServing() as place:
            return [Elsewhere(name, sql_rows.of_group(group, place), wanted)]
        case MongoServing() as place:
            return [Elsewhere(name, mongo_rows.MongoRows(place, tables.served_columns(group), serving=True), wanted)]
    return []


def _is_less(line: Export, rows: Checksum) -> bool:
    """Whether a run that was killed has taken the rows out of the books already: what the line replaced has them."""
    before = line.earlier[-1] if line.earlier else None
    return before is not None and (
        (before["fingerprint"], before["rows"] - rows.rows, counted.less(before["checksum"], rows))
        == (line.fingerprint, line.rows, line.checksum)
    )


def _of_target(use_case: UseCase, target: Target) -> Rows:
    columns = delivered.columns(use_case, target)
    match target.place:
        case SqlTarget() as place:
            return sql_rows.of_target(place, columns, (*use_case.entity.key, "partition"))
        case MongoTarget() as place:
            return mongo_rows.MongoRows(place, columns, serving=False)
        case FilesTarget() as place:
            return file_rows.FileRows(use_case, target, place, delivered.schema(use_case, target))


def _told(name: str, error: NightjarError) -> str:
    return f"{name}: {type(error).__name__}: {error}"
