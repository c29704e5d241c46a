"""Grade: the documents that pass every limit but that of the grade -> marks of them in ops.calls, within the budget."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from jobs.teach import documents, result
from jobs.teach.arguments import TeachArguments
from jobs.teach.result import AskedResult, CallsMade, PlannedResult
from jobs.teach.round import Round
from lakehouse.declaration import datasets
from lakehouse.teacher import asked, request
from lakehouse.teacher.request import GRADE, Request

log = logging.getLogger(__name__)


def run(arguments: TeachArguments) -> AskedResult | PlannedResult:
    """Ask for a mark of each of these documents, once; where ``grade`` is not declared there is nothing to do.

    The documents have their marks after the next run of the documents' stage, which filters by them.

    Raises:
        CallsBusy, ConnectionWrong, TeacherUnavailable, TeacherRefused, ServiceUnavailable: see `lakehouse.teacher.teaching`.
    """
    dataset, as_of = datasets.by_name(arguments.dataset), arguments.partition
    way = asked.of(dataset, GRADE)
    if way is None:
        return AskedResult(status="none", message=f"dataset {dataset.name} declares no grade: no document is marked")

    def marks() -> Iterator[Request]:
        return request.of_documents(documents.to_be_graded(dataset, as_of), way.service, way.told, GRADE)

    grading = Round(dataset, way, marks, arguments.outcomes)
    if arguments.dry_run:
        return result.planned({GRADE: grading.plan()}, dataset.budget)
    outcome = grading.make()
    found = result.made({GRADE: CallsMade.of(outcome, grading.open(outcome))}, outcome, dataset.budget)
    log.info("grade %s: %s: %s", dataset.name, found.status, found.message)
    return found
