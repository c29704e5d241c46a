"""What is stale of a dataset: days of its documents, and days of the answers about them."""

from __future__ import annotations

import datetime as dt

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.staleness import document_staleness, summary_staleness
from lakehouse.staleness.code_versions import CodeVersions

Line = tuple[str, dt.date, list[str]]


def lines(
    dataset: Dataset, code: CodeVersions, first: dt.date | None = None, last: dt.date | None = None
) -> list[Line]:
    """Each stale day from ``first`` to ``last`` (all, when not given): the table, the day, and why."""
    of_documents = document_staleness.stale(dataset, code.documents, first, last)
    of_summaries = summary_staleness.stale(dataset, code.summaries, last)
    found = [(tables.documents(dataset).full_name, day, why) for day, why in sorted(of_documents.items())]
    found += [
        (tables.summaries(dataset).full_name, day, why)
        for day, why in sorted(of_summaries.items())
        if first is None or day >= first
    ]
    return found
