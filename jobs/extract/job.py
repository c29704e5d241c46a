"""Extract: land what belongs to a source's deliveries, from where its declaration says, as files that ingest takes in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from jobs.extract.arguments import ExtractArguments
from jobs.result import Result
from lakehouse import settings
from lakehouse.declaration import loader
from lakehouse.extraction import connection
from lakehouse.extraction.extract import extract


@dataclass(frozen=True, kw_only=True)
class ExtractResult(Result):
    """The landed files, the last one's window in words, and their documents, rows or messages.

    Those without a date of their change are counted apart; for a source that is read by a row's own day, those without a day,
    which no delivery has.
    """

    file: str | None = None
    files: list[str] = field(default_factory=list)
    origin: str
    documents: int
    undated_documents: int = 0


def run(arguments: ExtractArguments) -> ExtractResult:
    """Land the windows of the days: of a daily source a delivery a day, else one, of the last day, for all of them."""
    owner, source = loader.by_source(arguments.source)
    days = arguments.days
    landed = extract(
        owner,
        source,
        days[0],
        days[-1],
        dt.datetime.now(dt.UTC),
        lambda: connection.to(settings.load().mongo_uri),
        any_gap=arguments.any_gap,
    )
    return ExtractResult(**landed)
