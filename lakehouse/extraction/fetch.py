"""From a use case's own ``fetch(window, connection)`` to a landed file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lakehouse.connections import service
from lakehouse.connections.service import Service
from lakehouse.declaration import Fetch, Owner, Source, own_module
from lakehouse.extraction import fetch_failures, landing_file
from lakehouse.extraction.extraction_window import ExtractionWindow
from lakehouse.extraction.fetch_failures import Running
from lakehouse.extraction.kept_out_lines import without_erased
from lakehouse.extraction.landed import Landed, file_of
from lakehouse.extraction.row_store import RowStore

FUNCTION, ARGUMENTS = "fetch", "window, connection"


@dataclass(frozen=True)
class Window:
    """What ``fetch`` is asked for.

    Attributes:
        source: the source's name.
        since: rows that changed from this instant on, UTC; None: from the beginning. Always None for a snapshot.
        until: rows that changed before this instant, UTC.
        first_day: the first day of the delivery.
        last_day: its last day; the same but for a range.
    """

    source: str
    since: dt.datetime | None
    until: dt.datetime
    first_day: dt.date
    last_day: dt.date


def land(
    owner: Owner,
    source: Source,
    fetch: Fetch,
    window: ExtractionWindow,
    connect: Callable[[str], Service] = service.named,
) -> Landed:
    """Land the rows that the declared function yields for a window.

    They are landed by key, each different row once, and of one key in the order in which they were yielded. So the same rows are
    the same bytes, however they were paged.

    Args:
        owner: whose source it is.
        source: the source.
        fetch: its section.
        window: what is asked for.
        connect: gives the connection of a name, where one is declared.

    Raises:
        ConnectionWrong: the connection is not set. DeclarationError: the module can't be imported. ExtractBroken: the function
            failed, or yielded what is no row. SourceUnavailable: the service did not answer. SourceRefused: it refused.
            ServiceUnavailable: the landing or the temporary folder can't be written to.
    """
    connection = None if fetch.connection is None else connect(fetch.connection)
    module = own_module.load(owner, fetch.file, FUNCTION, ARGUMENTS)
    asked = Window(source.name, window.since, window.until, window.first_day, window.last_day)
    delivered = {column.name: column.delivered_name for column in source.columns}
    file = file_of(source, window)
    with RowStore(tuple(delivered[name] for name in source.key)) as rows:
        failure, running = None, Running()
        try:
            for row in running.rows(getattr(module, FUNCTION)(asked, connection)):
                rows.add(row)
        # A function that ends the process would end the job as if it were done.
        except (Exception, SystemExit) as error:
            failure = fetch_failures.named(source.name, Path(str(module.__file__)), running, error, connection)
        if failure is not None:
            raise failure
        count = landing_file.write(file, window.origin, without_erased(source, rows.by_key()))
    return Landed(window.origin, file, count)
