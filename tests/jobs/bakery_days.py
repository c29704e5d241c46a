"""Some weeks of the bakery, taken in: what the tests of features and of restatement start from."""

from __future__ import annotations

import datetime as dt

from jobs.arguments import Arguments
from jobs.ingest import job

START = dt.date(2024, 3, 1)
DAY = START + dt.timedelta(days=24)
SOURCES = ("bakery_plan", "bakery_sales_counted")


def ingest(first: dt.date, last: dt.date, *sources: str) -> None:
    for source in sources or SOURCES:
        job.run(Arguments(stage="ingest", source=source, partition=first, through=last))
