"""Documents: silver -> gold.<dataset>_documents, a day at a time: text, measures, and what the filter says of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs.documents import version, workers
from jobs.documents.arguments import DocumentsArguments
from jobs.documents.made_day import Counted, DayBuild
from jobs.documents.making import Maker
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import Dataset, datasets
from lakehouse.ops import builds, erasures
from lakehouse.ops.builds import Inputs
from lakehouse.staleness import document_staleness
from lakehouse.storage import delta_log


@dataclass(frozen=True, kw_only=True)
class DocumentsResult(Result):
    """How many days were built, of how many documents, how many of these are kept, of how many the text was made, and the table's
    version with them.
    """

    days: int = 0
    documents: int = 0
    kept: int = 0
    made: int = 0
    table_version: int = -1


def run(arguments: DocumentsArguments) -> DocumentsResult:
    """Make the documents of the days whose deliveries, declarations, marks or code have changed; leave the others alone."""
    dataset = datasets.by_name(arguments.dataset)
    table, code = tables.documents(dataset), version.DOCUMENTS
    expected = document_staleness.expected(dataset, arguments.days, code)
    if not expected:
        source = dataset.source.name
        return DocumentsResult(status="none", message=f"source {source} has no delivery of these days in the ledger")
    stale = document_staleness.compare(dataset, expected).outdated(arguments.force)
    if not stale:
        return DocumentsResult(status="unchanged", days=len(expected), table_version=delta_log.version(table))

    counted = _build(dataset, {day: expected[day] for day in stale}, anew=arguments.force)
    if dataset.grade is not None:
        # A text that was made may have a mark already, from before: now it is known which.
        again = document_staleness.expected(dataset, stale, code)
        outdated = document_staleness.compare(dataset, again).outdated()
        _build(dataset, {day: again[day] for day in outdated}, anew=False)
    return DocumentsResult(status="built", days=len(stale), **vars(counted), table_version=delta_log.version(table))


def _build(dataset: Dataset, expected: Mapping[dt.date, Inputs], anew: bool) -> Counted:
    table, silver = tables.documents(dataset), tables.silver(dataset.source)
    days = sorted(expected)
    by_day = builds.record(table, expected)
    marks = document_staleness.marks_of(dataset)
    at_version = delta_log.version(silver)
    counted = Counted()
    maker = Maker.of(dataset, erasures.tombstones(dataset.source.name))
    with workers.making(maker, _rows_to_make(dataset, days)) as make:
        build = DayBuild(dataset, maker, make, marks, at_version, anew, counted)
        for day in days:
            build.build(day, by_day[day])
    present = delta_log.rows_by_day(table)
    document_staleness.record_rowless(dataset, {day: expected[day] for day in days if day not in present})
    return counted


def _rows_to_make(dataset: Dataset, days: Sequence[dt.date]) -> int:
    return delta_log.rows_in(tables.silver(dataset.source), days)
