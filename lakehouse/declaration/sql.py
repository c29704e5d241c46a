"""The SQL table, or the query, of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator, model_validator

from lakehouse import fingerprints
from lakehouse.declaration.section import Name, Section, refuse

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError(f"a name without NUL is expected, found {text!r}")
    return text


# As the database writes it: with capitals, blanks and all.
DatabaseName = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_without_nul)]


class Sql(Section):
    """The rows of an SQL database that a source is read from, day by day.

    Exactly one of ``table`` and ``query``, a SELECT that is read like a table. What belongs to a day's delivery is said by
    ``updated_at``, a date or an instant that each change of a row moves; or by ``partition_column``, the row's own day (of the
    calendar's time zone where it is an instant). With neither, a delivery is all rows, and the source delivers snapshots.

    ``connection`` names an Airflow connection; outside Airflow the address is in ``NIGHTJAR_CONNECTION_<NAME>``. Instants
    without a zone are read as the clock of ``timezone``. ``batch_rows`` is the number of rows in memory at a time.
    """

    connection: Name
    table: DatabaseName | None = None
    query: str | None = Field(default=None, max_length=100_000)
    # Of the database; None: the login's own.
    db_schema: DatabaseName | None = Field(default=None, alias="schema")
    updated_at: DatabaseName | None = None
    partition_column: DatabaseName | None = None
    timezone: str = "UTC"
    batch_rows: int = Field(default=10_000, ge=1, le=1_000_000)

    @field_validator("query")
    @classmethod
    def _query_is_one_select(cls, value: str | None) -> str | None:
        if value is not None and (problem := _query_problem(value)):
            raise ValueError(problem)
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"an IANA time zone such as Europe/Paris is expected, found {value!r}") from error
        return value

    @model_validator(mode="after")
    def _says_once_what_is_read(self) -> Sql:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        if (self.table is None) == (self.query is None):
            yield f"expected exactly one of table and query, found {'neither' if self.table is None else 'both'}"
        if self.updated_at is not None and self.partition_column is not None:
            yield "expected at most one of updated_at and partition_column, found both"
        if self.db_schema is not None and self.query is not None:
            yield "schema: belongs to a table; a query writes it before the names of its tables"
        if self.table is not None and "." in self.table and self.db_schema is None:
            schema, _, table = self.table.rpartition(".")
            yield f"table: expected the name alone, found {self.table!r}; write schema: {schema} and table: {table}"

    @property
    def address(self) -> str:
        """What is read, in words; a query by its digest, which line breaks do not change."""
        if self.query is not None:
            return f"query {fingerprints.digest(' '.join(self.query.split()))[:12]}"
        return f"{'' if self.db_schema is None else f'{self.db_schema}.'}{self.table}"

    @property
    def select(self) -> str:
        """The query without a semicolon or a comment behind it, so that it can stand in parentheses."""
        from sqlglot.tokenizer_core import TokenType

        query = self.query or ""
        tokens = [token for token in _tokens(query) if token.token_type != TokenType.SEMICOLON]
        return query[: tokens[-1].end + 1]

    @property
    def dated_by(self) -> str | None:
        """The column that says to which delivery a row belongs; None where every delivery has all rows."""
        return self.updated_at or self.partition_column


def _tokens(query: str) -> list[Token]:
    # The parser takes a fifth of a second to load, and few sources have a query.
    import sqlglot

    return sqlglot.tokenize(query, dialect="postgres")


def _query_problem(query: str) -> str | None:
    """Why a text is no single SELECT; None when it is one. The read-only transaction refuses whatever gets past this."""
    from sqlglot.errors import SqlglotError
    from sqlglot.tokenizer_core import TokenType

    try:
        tokens = _tokens(query)
    except SqlglotError as error:
        return f"one SELECT is expected, found what can't be read: {' '.join(str(error).split())[:200]}"
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens or tokens[0].token_type not in (TokenType.SELECT, TokenType.WITH):
        return f"one SELECT is expected, found {tokens[0].text if tokens else 'nothing'!r}"
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        return "one SELECT is expected, found several statements (a semicolon)"
    depth = 0
    for token in tokens:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth < 0:
            break
    return None if depth == 0 else "one SELECT is expected, found parentheses that do not match"
