"""What is stale of a dataset: days of its documents, and days of the answers about them."""

from __future__ import annotations

import datetime as dt

from jobs.check import version as check
from jobs.documents import version as documents
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.staleness import document_staleness, summary_staleness

Line = tuple[str, dt.date, list[str]]


def lines(dataset: Dataset, first: dt.date | None = None, last: dt.date | None = None) -> list[Line]:
    """Each stale day from ``first`` to ``last`` (all, when not given): the table, the day, and why."""
    of_documents = document_staleness.stale(dataset, documents.DOCUMENTS, first, last)
    of_summaries = summary_staleness.stale(dataset, check.SUMMARIES, last)
    found = [(tables.documents(dataset).full_name, day, why) for day, why in sorted(of_documents.items())]
    found += [
        (tables.summaries(dataset).full_name, day, why)
        for day, why in sorted(of_summaries.items())
        if first is None or day >= first
    ]
    return found
