"""Extract: what changed in a source's MongoDB collection, landed as a delivery that ingest takes in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from jobs.arguments import Arguments
from lakehouse import settings
from lakehouse.declaration import loader
from lakehouse.extraction import connection
from lakehouse.extraction.extract import extract


def run(arguments: Arguments) -> dict[str, Any]:
    """Land the window of the day, or one window for the whole range, as the delivery of its last day."""
    assert arguments.source is not None
    use_case, source = loader.by_source(arguments.source)
    days = arguments.days
    with connection.to(settings.load().mongo_uri) as client:
        return extract(client, use_case, source, days[0], days[-1], dt.datetime.now(dt.UTC))
