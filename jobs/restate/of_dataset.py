"""Restating a dataset: its documents, then the answers about them, by what is recorded. No call is made."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from jobs import code_versions
from jobs.restate.arguments import RestateArguments
from jobs.result import Result
from lakehouse import tables
from lakehouse.date_ranges import contiguous
from lakehouse.declaration import datasets
from lakehouse.staleness import dataset_report
from lakehouse.storage import delta_log

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DatasetRestateResult(Result):
    """The days of documents, and of answers, that were made again, or would be."""

    documents: list[dt.date]
    summaries: list[dt.date]


def restate(arguments: RestateArguments) -> DatasetRestateResult:
    """Make again what is stale: documents first, since what is kept decides which answers count."""
    from jobs.check import job as check
    from jobs.check.arguments import CheckArguments
    from jobs.documents import job as documents
    from jobs.documents.arguments import DocumentsArguments

    dataset = datasets.by_name(arguments.dataset)
    stale = dataset_report.lines(dataset, code_versions.CURRENT, arguments.partition, arguments.last)
    by_table = {
        table.full_name: [day for name, day, _ in stale if name == table.full_name]
        for table in (tables.documents(dataset), tables.summaries(dataset))
    }
    of_documents, of_summaries = by_table.values()
    plan = DatasetRestateResult(status="planned" if stale else "fresh", documents=of_documents, summaries=of_summaries)
    for name, days in by_table.items():
        log.info("restate: %s: %d day(s): %s", name, len(days), ", ".join(map(str, days)) or "nothing")
    if arguments.dry_run or not stale:
        return plan
    for first, last in contiguous(of_documents):
        documents.run(DocumentsArguments(dataset=dataset.name, partition=first, through=last, actor=arguments.actor))
    # Of each document the newest day counts, also one that is not stale.
    newest = max(delta_log.rows_by_day(tables.documents(dataset)), default=stale[-1][1])
    checked = check.run(CheckArguments(dataset=dataset.name, partition=newest, actor=arguments.actor))
    log.info("restate: check: %s", checked.status)
    return DatasetRestateResult(status="restated", documents=of_documents, summaries=of_summaries)
