"""From a window of an SQL table or query to a landed file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError
from tenacity import Retrying, before_sleep_log, retry_if_exception, stop_after_attempt, wait_random_exponential

from lakehouse.connections import sql as sql_connections
from lakehouse.connections import sql_failures
from lakehouse.declaration import Owner, Source, Sql
from lakehouse.errors import SourceRefused, SourceUnavailable
from lakehouse.extraction import landing_file, sql_snapshot
from lakehouse.extraction.extraction_window import ExtractionWindow
from lakehouse.extraction.kept_out_lines import without_erased
from lakehouse.extraction.landed import Landed, file_of
from lakehouse.extraction.sql_rows import SqlRows

log = logging.getLogger(__name__)

TRIES = 3
# Names of tables that a message lists.
SHOWN = 20


def land(owner: Owner, source: Source, sql: Sql, windows: Iterable[ExtractionWindow]) -> Iterator[Landed]:
    """Land the rows of each window, each from one transaction: they are as they were at one instant.

    A connection that is lost is made again, and the window is read from its beginning: half of it is another instant's.

    Raises:
        ConnectionWrong: the connection is not set. SourceUnavailable: the database did not answer, or the connection broke.
            SourceRefused: it refuses the login, or has no such table or column. ServiceUnavailable: the landing folder can't be
            written to.
    """
    engine = sql_connections.engine(sql.connection)
    retrying = Retrying(
        retry=retry_if_exception(_is_passing),
        wait=wait_random_exponential(multiplier=0.5, max=5),
        stop=stop_after_attempt(TRIES),
        before_sleep=before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
    try:
        for window in windows:
            yield retrying(_land, engine, owner, source, sql, window)
    finally:
        engine.dispose()


def _land(engine: Engine, owner: Owner, source: Source, sql: Sql, window: ExtractionWindow) -> Landed:
    file = file_of(source, window)
    calendar = ZoneInfo(owner.calendar.timezone)
    with _named(engine, source, sql), sql_snapshot.opened(engine, ZoneInfo(sql.timezone), calendar) as connection:
        rows = SqlRows(connection, source, sql, calendar)
        count = landing_file.write(file, window.origin, without_erased(source, rows.lines(window)))
    if rows.undated:
        log.warning("%s: %d rows without %s", source.name, rows.undated, sql.dated_by)
    return Landed(window.origin, file, count, rows.undated)


@contextmanager
def _named(engine: Engine, source: Source, sql: Sql) -> Iterator[None]:
    """Errors of the database within as named errors; none shows an address or the values of a row."""
    what = f"source {source.name}, {sql.address} of connection {sql.connection}"
    nothing = "nothing has landed"
    try:
        yield
    except SQLAlchemyError as error:
        found = sql_failures.first_line(error)
        if not sql_failures.refused(error):
            raise SourceUnavailable(
                f"{what}: expected an answer from the database, found: {found}; {nothing}: when it is back, run again"
            ) from error
        raise SourceRefused(
            f"{what}: expected the database to give the rows, found: {found}{_tables(engine, sql, found)}; {nothing}: correct the "
            "connection, the login's rights, or the section sql of its declaration"
        ) from error
    except SourceRefused as error:
        raise SourceRefused(f"{what}: {error}; {nothing}: correct the section sql, or field of the columns") from None
    except (ValueError, OverflowError) as error:
        # The driver's, such as for text that is not in the encoding that the database says.
        raise SourceRefused(
            f"{what}: expected values that can be read, found one that can't: {type(error).__name__}: {error}; {nothing}: CAST the "
            "column in a query"
        ) from error


def _tables(engine: Engine, sql: Sql, found: str) -> str:
    """Which tables there are, where the declared one is not."""
    if sql.table is None or not ("does not exist" in found or "no such table" in found or "relation" in found):
        return ""
    try:
        inspector = inspect(engine)
        names = sorted(
            {*inspector.get_table_names(schema=sql.db_schema), *inspector.get_view_names(schema=sql.db_schema)}
        )
    except SQLAlchemyError:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; there are the tables {', '.join(names[:SHOWN])}{more}" if names else "; it has no tables there"


def _is_passing(error: BaseException) -> bool:
    """Whether the database, and not the landing folder, may answer another time."""
    return isinstance(error, SourceUnavailable) and isinstance(error.__cause__, SQLAlchemyError)
