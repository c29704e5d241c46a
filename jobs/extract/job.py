"""Extract: land what a source's MongoDB collection or the use case's own code gives, as a delivery that ingest takes in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs.extract.arguments import ExtractArguments
from jobs.result import Result
from lakehouse import settings
from lakehouse.declaration import loader
from lakehouse.extraction import connection, fetch
from lakehouse.extraction.extract import extract


@dataclass(frozen=True, kw_only=True)
class ExtractResult(Result):
    """The landed file, its window in words, and its documents or rows; those without a date of their change are counted apart."""

    file: str | None = None
    origin: str
    documents: int
    undated_documents: int = 0


def run(arguments: ExtractArguments) -> ExtractResult:
    """Land the window of the day, or one window for the whole range, as the delivery of its last day."""
    use_case, source = loader.by_source(arguments.source)
    days = arguments.days
    if source.fetch is not None:
        return ExtractResult(**fetch.extract(use_case, source, days[0], days[-1], dt.datetime.now(dt.UTC)))
    with connection.to(settings.load().mongo_uri) as client:
        landed = extract(client, use_case, source, days[0], days[-1], dt.datetime.now(dt.UTC))
    return ExtractResult(**landed)
