"""Where a use case's decisions go besides gold: tables of SQL databases, MongoDB collections, files."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lakehouse.declaration.mongo import Collection, Database
from lakehouse.declaration.section import GrownSection, Name, Section, refuse, twice

# The columns of the scores beside the entity's key and ``partition``; tests hold them against lakehouse.tables.scores.
SCORE_COLUMNS = (
    "prediction_time",
    "role",
    "model_name",
    "model_version",
    "score",
    "decision",
    "threshold",
    "features_version",
    "code_version",
    "run_id",
    "scored_at",
    "inputs_fingerprint",
    "chosen_by",
    "decides",
)
# What the scores have besides where the use case declares rules or fallbacks; likewise.
OF_RULES = (
    "decided_by",
    "decided_by_name",
    "withheld",
    "sent_to",
    "score_from",
    "score_day",
    "model_score",
    "model_decision",
    "rules_version",
)
# Those that are delivered when a target declares none; a regression has no decision and no threshold.
OF_A_REGRESSION = ("score", "model_version", "prediction_time", "scored_at")
# Of several classes: the probabilities stand after these, and before what follows.
OF_A_MULTICLASS = ("decision", "score"), ("model_version", "prediction_time", "scored_at")
OF_A_CLASSIFICATION = ("score", "decision", "threshold", "model_version", "prediction_time", "scored_at")

# Tables of ours in a target's database begin so.
OURS = "nightjar_"


def _not_ours(text: str) -> str:
    if text.lower().startswith(OURS):
        raise ValueError(
            f"a name that does not begin with {OURS} is expected, the platform's own tables do, found {text!r}"
        )
    return text


# What every SQL database takes, and PostgreSQL's longest.
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
TargetTable = Annotated[Identifier, AfterValidator(_not_ours)]
TargetCollection = Annotated[Collection, AfterValidator(_not_ours)]


class SqlTarget(Section):
    """A table of an SQL database. It is made when it is missing; its key is the entity's and ``partition``.

    ``connection`` names an Airflow connection; outside Airflow the address is in ``NIGHTJAR_CONNECTION_<NAME>``.
    """

    connection: Name
    table: TargetTable
    # Of the database; None: the login's own.
    db_schema: Identifier | None = Field(default=None, alias="schema")

    @property
    def address(self) -> str:
        """Where it is, in words that no other place has."""
        schema = "" if self.db_schema is None else f"{self.db_schema}."
        return f"table {schema}{self.table} of {self.connection}"


class MongoTarget(Section):
    """A collection of MongoDB. ``connection``: as for SQL; None: ``mongo_default``, outside Airflow ``MONGO_URI``."""

    connection: Name | None = None
    database: Database
    collection: TargetCollection

    @property
    def address(self) -> str:
        """Where it is, in words that no other place has."""
        by = "" if self.connection is None else f" of {self.connection}"
        return f"collection {self.database}.{self.collection}{by}"


class FilesTarget(Section):
    """A folder that gets a file a day, ``<YYYY-MM-DD>.csv`` or ``.parquet``. A relative folder lies in the project's."""

    folder: str = Field(min_length=1, pattern=r"^[^\x00-\x1f]+$")
    format: Literal["csv", "parquet"] = "csv"


class Target(GrownSection):
    """One place that decisions are delivered to: exactly one of ``sql``, ``mongo`` and ``files``.

    ``rows``: deciding, the one row an entity and day whose decision counts; champion, the champion's, also where a canary's
    counted. ``only_decided``: of them those whose decision is yes. ``columns`` are columns of the scores; the entity's key and
    ``partition`` come first in any case. Rows whose decision a rule blocks, or sends to a person, go to no target; one
    with ``sent_to`` gets the rows that are sent to that name, and no others.
    """

    LATER = ("sent_to",)

    name: Name
    sql: SqlTarget | None = None
    mongo: MongoTarget | None = None
    files: FilesTarget | None = None
    rows: Literal["deciding", "champion"] = "deciding"
    only_decided: bool = False
    columns: tuple[Name, ...] | None = Field(default=None, min_length=1)
    sent_to: Name | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Target:
        kinds = {"sql": self.sql, "mongo": self.mongo, "files": self.files}
        found = [name for name, place in kinds.items() if place is not None]
        if len(found) != 1:
            raise ValueError(f"expected one of {', '.join(kinds)}, found {' and '.join(found) or 'none'}")
        refuse(twice("columns", self.columns or ()))
        return self

    @property
    def place(self) -> SqlTarget | MongoTarget | FilesTarget:
        """Where it is."""
        place = self.sql or self.mongo or self.files
        assert place is not None
        return place

    @property
    def connection(self) -> str | None:
        """The named connection that it needs; None where it needs none, or MongoDB's default."""
        return None if isinstance(self.place, FilesTarget) else self.place.connection

    @property
    def address(self) -> str:
        """Where it is, in words that no other place has."""
        if isinstance(self.place, FilesTarget):
            return f"folder {os.path.normpath(self.place.folder)}"
        return self.place.address
