"""The contracts by which a source's deliveries were taken in, in ``ops.contracts``: each since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.compute as pc
from pydantic import BaseModel

from lakehouse import fingerprints
from lakehouse.declaration import Column, RowRule, Source, TextFormat
from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import CONTRACTS


class Contract(BaseModel):
    """What of a source's declaration decides how its deliveries are read, and what becomes of their rows."""

    version: int
    delivers: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_rules: tuple[RowRule, ...]
    format: TextFormat

    @classmethod
    def of(cls, source: Source) -> Contract:
        """The source's contract as it is declared now."""
        return cls.model_validate({name: getattr(source, name) for name in cls.model_fields})

    @property
    def digest(self) -> str:
        """The same for contracts that say the same; descriptions make no difference."""
        plain = [column.model_copy(update={"description": ""}) for column in self.columns]
        return fingerprints.digest(self.model_copy(update={"columns": tuple(plain)}).model_dump_json())

    @property
    def fields(self) -> dict[str, str]:
        """The name in the deliveries of each column."""
        return {column.name: column.delivered_name for column in self.columns}


@dataclass(frozen=True)
class Recorded:
    """A contract, and since when deliveries are taken in by it."""

    contract: Contract
    since: dt.datetime


def history(source: str) -> list[Recorded]:
    """The contracts of a source, the first one first."""
    return [
        Recorded(Contract.model_validate_json(row["contract"]), row["recorded_at"])
        for row in small_tables.read(CONTRACTS, pc.field("source") == source)
    ]


def record(source: Source, actor: str) -> None:
    """Record the source's contract, unless it is the one that was recorded last."""
    contract, before = Contract.of(source), history(source.name)
    if before and before[-1].contract.digest == contract.digest:
        return
    now = dt.datetime.now(dt.UTC)
    line = {
        "source": source.name,
        "version": contract.version,
        "digest": contract.digest,
        "contract": contract.model_dump_json(),
        "recorded_at": now,
        "actor": actor,
    }
    where = f"source = {sql_quoting.literal(source.name)} AND recorded_at = TIMESTAMP '{now.isoformat(sep=' ')}'"
    commits.replace_rows(CONTRACTS, [line], where)


def declared_since(source: Source) -> Mapping[str, dt.datetime]:
    """For each column that was declared after the first contract: since when. Deliveries from before could not have it."""
    known = history(source.name)
    since: dict[str, dt.datetime] = {}
    for column in source.columns:
        first: dt.datetime | None = None
        for number, recorded in enumerate(known):
            if column.delivered_name not in recorded.contract.fields.values():
                first = None
            elif first is None:
                first = dt.datetime.min.replace(tzinfo=dt.UTC) if number == 0 else recorded.since
        if known and first is None:
            # Declared now, and not recorded yet: by the migration that is under way.
            first = dt.datetime.now(dt.UTC)
        if first is not None and first.year > 1:
            since[column.name] = first
    return since
