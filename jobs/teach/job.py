"""Teach: the documents that a dataset keeps -> answers in ops.calls, and a judge's marks of them, within its budget."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from functools import partial

from jobs.teach import documents, result
from jobs.teach.arguments import TeachArguments
from jobs.teach.result import AskedResult, CallsMade, PlannedResult
from jobs.teach.round import Round
from lakehouse.declaration import datasets
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.teacher import request
from lakehouse.teacher.request import Answer, Request
from lakehouse.teacher.subject import Rules

log = logging.getLogger(__name__)


def run(arguments: TeachArguments) -> AskedResult | PlannedResult:
    """Ask about each document that is kept as of the day, and where a judge is declared about each answer that passes the checks.

    What has its outcome is not asked again. A budget that is spent, or a service that did not answer all, is a result: its message
    says what to do. After a spent budget no judge is asked.

    Raises:
        CallsBusy, ConnectionWrong, TeacherUnavailable, TeacherRefused, ServiceUnavailable: see `lakehouse.teacher.teaching`.
    """
    dataset, as_of = datasets.by_name(arguments.dataset), arguments.partition
    rules = Rules.of(dataset)
    teacher, judge = rules.teacher, rules.judge

    def answers() -> Iterator[Request]:
        return request.of_documents(documents.kept(dataset, as_of), teacher.teacher, teacher.prompt)

    def marks(with_missing: bool = False) -> Iterator[Request]:
        assert judge is not None
        yield from request.of_answers(documents.to_be_marked(dataset, as_of, rules), judge.service, judge.told)
        if with_missing:
            expected: Iterator[Answer] = documents.missing(dataset, as_of, rules, "x" * _longest(teacher.teacher))
            yield from request.of_answers(expected, judge.service, judge.told)

    asking = Round(dataset, teacher, answers, arguments.outcomes)
    if arguments.dry_run:
        plans = {teacher.purpose: asking.plan()}
        if judge is not None:
            plans[judge.purpose] = Round(dataset, judge, partial(marks, with_missing=True), arguments.outcomes).plan()
        return result.planned(plans, dataset.budget)

    outcome = asking.make()
    rounds = {teacher.purpose: CallsMade.of(outcome, asking.open(outcome))}
    if judge is not None and outcome.status != "budget spent":
        judging = Round(dataset, judge, marks, arguments.outcomes)
        outcome = judging.make()
        rounds[judge.purpose] = CallsMade.of(outcome, judging.open(outcome))
    found = result.made(rounds, outcome, dataset.budget)
    log.info("teach %s: %s: %s", dataset.name, found.status, found.message)
    return found


def _longest(teacher: object) -> int:
    """The characters of an answer that is as long as it may be; of the built-in summariser's five sentences about as many."""
    return math.ceil(teacher.max_tokens * teacher.characters_per_token) if isinstance(teacher, ServiceTeacher) else 1000
