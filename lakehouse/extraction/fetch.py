"""From a use case's own ``fetch(window, connection)`` to a landed file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse import settings
from lakehouse.connections import service
from lakehouse.connections.service import Service
from lakehouse.declaration import Fetch, Source, UseCase, own_module
from lakehouse.errors import BadArguments
from lakehouse.extraction import extraction_window, fetch_failures, landing_file
from lakehouse.extraction.fetch_failures import Running
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


def extract(
    use_case: UseCase,
    source: Source,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    connect: Callable[[str], Service] = service.named,
) -> dict[str, Any]:
    """Land the rows that the use case's function yields, as the delivery of ``last``.

    They are landed by key, each different row once, and of one key in the order in which they were yielded. So the same rows are
    the same bytes, however they were paged.

    Args:
        use_case: the one that declares the source.
        source: a source with a ``fetch`` section.
        first: the first day of the delivery; windows of earlier days count as read.
        last: the last day, whose delivery it is.
        now: the present instant.
        connect: gives the connection of a name, where one is declared.

    Returns:
        ``status`` extracted, with ``file``, ``origin`` (the window in words) and ``documents`` (the landed rows); or none, with a
        ``message``, when nothing was yielded.

    Raises:
        WindowOpen: the window is not over. ConnectionWrong: the connection is not set. DeclarationError: the module can't be
            imported. ExtractBroken: the function failed, or yielded what is no row. SourceUnavailable: the service did not answer.
            SourceRefused: it refused. ServiceUnavailable: the landing or the temporary folder can't be written to.
    """
    fetch = source.fetch
    if fetch is None:
        raise BadArguments(f"source {source.name}: expected a section fetch in its declaration, there is none")
    window = extraction_window.of_delivery(use_case, source, _prefix(fetch), first, last, now)
    connection = None if fetch.connection is None else connect(fetch.connection)
    module = own_module.load(use_case, fetch.file, FUNCTION, ARGUMENTS)
    asked = Window(source.name, window.since, window.until, first, last)
    types = {column.name: column.delivered_name for column in source.columns}
    with RowStore(tuple(types[name] for name in source.key)) as rows:
        failure, running = None, Running()
        try:
            for row in running.rows(getattr(module, FUNCTION)(asked, connection)):
                rows.add(row)
        # A function that ends the process would end the job as if it were done.
        except (Exception, SystemExit) as error:
            failure = fetch_failures.named(source.name, Path(str(module.__file__)), running, error, connection)
        if failure is not None:
            raise failure
        file = Path(settings.load().landing_root) / source.name / f"{last}.jsonl.gz"
        count = landing_file.write(file, window.origin, rows.by_key())
    if not count:
        return {"status": "none", "message": f"no row in {window.origin}", "origin": window.origin, "documents": 0}
    return {"status": "extracted", "file": str(file), "origin": window.origin, "documents": count}


def _prefix(fetch: Fetch) -> str:
    """What the origin begins with. Another file or connection is another service, which is read from its beginning."""
    return f"fetch {fetch.file}{'' if fetch.connection is None else f' by {fetch.connection}'} from "
