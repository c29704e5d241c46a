"""A source and its contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration import column_rules, reserved_names
from lakehouse.declaration.delivery import Files, Freshness, TextFormat, Volume
from lakehouse.declaration.erasure import SourceErasure
from lakehouse.declaration.fetch import Fetch
from lakehouse.declaration.kafka import Kafka
from lakehouse.declaration.mongo import Mongo
from lakehouse.declaration.retention import SourceRetention
from lakehouse.declaration.row_rules import RuleError, parse
from lakehouse.declaration.section import GrownSection, Name, Section, refuse, twice, unknown
from lakehouse.declaration.sql import Sql

ColumnType = Literal["string", "int", "long", "double", "boolean", "date", "timestamp"]

# Columns that the platform adds; a source may not take these names.
RESERVED = reserved_names.OF_SOURCES


class Column(Section):
    """A column of a source, and the rules for its values."""

    name: Name
    type: ColumnType
    description: str = ""
    # What the deliveries call it, where that is another name.
    field: str | None = Field(default=None, min_length=1, max_length=500)
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] | None = None
    # Of Python's re, and of the whole value: as if between \A and \Z.
    pattern: str | None = Field(default=None, min_length=1)

    @property
    def delivered_name(self) -> str:
        """What the deliveries call the column."""
        return self.name if self.field is None else self.field

    @field_validator("pattern")
    @classmethod
    def _pattern_compiles(cls, value: str | None) -> str | None:
        return None if value is None else column_rules.compiled(value)

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Column:
        refuse(column_rules.problems(self))
        return self


class RowRule(Section):
    """A condition across the columns of a row, in Spark's SQL (docs/sources.md lists what it knows).

    A row for which it is false is rejected, and so is one for which it can't be evaluated; one for which it is null passes.
    """

    name: Name
    expression: str


class Source(GrownSection):
    """A source and its contract.

    ``cadence`` daily: one delivery is expected for every partition. ``occasional``: reference data that is delivered when it
    changes; readers use, for each key, the latest row that is known on their day.

    ``delivers`` changes: a delivery adds and changes rows, and what it leaves out stays. ``snapshot``: a delivery is all rows of
    its day, for an occasional source the whole reference table from its day on, and what it leaves out is no longer in silver.

    With one of ``mongo``, ``sql``, ``kafka`` and ``fetch`` its deliveries can be extracted: from a MongoDB collection, an SQL
    database, a topic of Kafka, or by a function of the use case. Files are ingested too.
    """

    LATER: ClassVar[tuple[str, ...]] = ("retention", "erasure")

    name: Name
    description: str = ""
    # Of the contract: raise it with every change that the deliveries' senders and the readers should know of.
    version: int = Field(default=1, ge=1)
    cadence: Literal["daily", "occasional"] = "daily"
    delivers: Literal["changes", "snapshot"] = "changes"
    format: TextFormat = Field(default_factory=TextFormat)
    files: Files = Field(default_factory=lambda: Files(marker="_SUCCESS"))
    # A delivery arrives so many days after the day that it describes: 0 for a plan that is known before the day, 1 for a record
    # that is delivered the morning after.
    arrives_after_days: int = Field(default=0, ge=0, le=31)
    columns: tuple[Column, ...] = Field(min_length=1)
    key: tuple[Name, ...] = Field(min_length=1)
    row_rules: tuple[RowRule, ...] = ()
    max_reject_share: float = Field(default=0.05, ge=0, le=1)
    volume: Volume | None = None
    freshness: Freshness | None = None
    mongo: Mongo | None = None
    sql: Sql | None = None
    kafka: Kafka | None = None
    fetch: Fetch | None = None
    # How many of the newest days stay.
    retention: SourceRetention = Field(default_factory=SourceRetention)
    # Whom its rows are about, besides what its key identifies.
    erasure: SourceErasure | None = None

    @model_validator(mode="after")
    def _columns_are_consistent(self) -> Source:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        names = [column.name for column in self.columns]
        yield from twice("columns", names)
        yield from twice("columns.field", [column.delivered_name for column in self.columns])
        yield from twice("row_rules", [rule.name for rule in self.row_rules])
        if taken := sorted(RESERVED.intersection(names)):
            yield f"columns: {', '.join(taken)} belong to the platform, choose other names"
        yield from twice("key", self.key)
        yield from unknown("key", self.key, names, f"the columns of source {self.name}")
        if empty := [column.name for column in self.columns if column.nullable and column.name in self.key]:
            yield f"key: {', '.join(empty)} may be null; expected columns without nullable: true, a key identifies every row"
        for field in ("volume", "freshness"):
            if self.cadence == "occasional" and getattr(self, field) is not None:
                yield f"{field}: an occasional source promises neither a size nor a day; expected a daily one"
        for subject, columns in self.subjects.items():
            yield from unknown(f"erasure.subjects.{subject}", columns, names, f"the columns of source {self.name}")
        yield from self._problems_of_extraction()

    def _problems_of_extraction(self) -> Iterator[str]:
        ways = [way for way in ("mongo", "sql", "kafka", "fetch") if getattr(self, way) is not None]
        if len(ways) > 1:
            yield f"{' and '.join(ways)}: a source is extracted in one way; expected one of these sections"
        changes = "mongo" if self.mongo is not None else "kafka" if self.kafka is not None else None
        changes = "sql.updated_at" if self.sql and self.sql.updated_at else changes
        if changes is not None and self.delivers == "snapshot":
            yield f"{changes}: reads what has changed, which is no snapshot; expected delivers: changes"
        if self.sql is not None and self.sql.dated_by is None and self.delivers == "changes":
            yield (
                "sql: without updated_at or partition_column every delivery has all rows; expected one of them, or "
                "delivers: snapshot"
            )
        if self.kafka is not None:
            delivered = [column.delivered_name for column in self.columns]
            yield from unknown("kafka.fields", self.kafka.fields.names, delivered, f"the columns of source {self.name}")

    @model_validator(mode="after")
    def _row_rules_can_be_evaluated(self) -> Source:
        wrong: list[str] = []
        for rule in self.row_rules:
            try:
                parse(rule.expression, self.column_types)
            except RuleError as error:
                wrong.append(f"row_rules: {rule.name}: {rule.expression!r}: {error}")
        refuse(wrong)
        return self

    @property
    def document_fields(self) -> frozenset[str]:
        """Fields that everything extracted has and that need not be columns."""
        if self.sql is not None and self.sql.dated_by is not None:
            return frozenset({self.sql.dated_by})
        return frozenset() if self.mongo is None else frozenset({"_id", self.mongo.updated_at})

    @property
    def extracted(self) -> bool:
        """Whether its deliveries can be read from elsewhere, by the stage extract."""
        return any(way is not None for way in (self.mongo, self.sql, self.kafka, self.fetch))

    @property
    def subjects(self) -> Mapping[str, tuple[str, ...]]:
        """By each declared subject the columns that identify it."""
        return {} if self.erasure is None else self.erasure.subjects

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def column_types(self) -> dict[str, str]:
        """The type of each column."""
        return {column.name: column.type for column in self.columns}
