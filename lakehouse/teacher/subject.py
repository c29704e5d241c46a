"""A document with the calls about it: what its answers are, what a judge says of them, and which are kept.

Everything here is a function of what the subject carries, so that other processes can work on subjects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_check import Check
from lakehouse.ops.call import ANSWERED, OPEN
from lakehouse.teacher import asked, mark, request
from lakehouse.teacher.asked import Asked
from lakehouse.teacher.quality import selection
from lakehouse.teacher.quality.limits import Candidate, Measured, Text, measured
from lakehouse.teacher.recorded import NONE, Recorded, Recordings
from lakehouse.teacher.request import JUDGE, TEACH, Answer, Document

# What is read of a document.
COLUMNS = ("document_id", "content_digest", "text", "language", "language_share")
NO_MARK, NOT_YET = "the judge's answer is no mark", "no mark of the judge yet"


@dataclass(frozen=True)
class Subject:
    """A document, with the calls that were made about its text.

    Attributes:
        document: that was asked about.
        language: of its text, and ``language_share``: how sure that is.
        calls: to the teacher, by the keys of their requests.
        marks: to the judge, likewise.
    """

    document: Document
    language: str
    language_share: float
    calls: Mapping[str, Recorded]
    marks: Mapping[str, Recorded]


@dataclass(frozen=True)
class Told:
    """An answer as it is judged, or the place where one is missing.

    Attributes:
        key: of its request.
        call: what came of it.
        found: its measures, mark and reasons.
    """

    key: str
    call: Recorded
    found: Measured


@dataclass(frozen=True)
class Rules:
    """What decides which answers are kept.

    Attributes:
        teacher: how answers are asked for.
        judge: how marks of answers are asked for; None: they are not.
        least: the lowest mark that is kept.
        check: the limits.
        same_language: whether an answer has to be in the language of its document.
    """

    teacher: Asked
    judge: Asked | None
    least: float
    check: Check
    same_language: bool

    @classmethod
    def of(cls, dataset: Dataset) -> Rules:
        """As a dataset declares them.

        Raises:
            DeclarationError: when a prompt is not fit for use.
        """
        teacher = asked.of(dataset, TEACH)
        assert teacher is not None, "every dataset has a teacher"
        least = 0.0 if dataset.judge is None else dataset.judge.least
        return cls(teacher, asked.of(dataset, JUDGE), least, dataset.check, dataset.same_language)


def of_documents(documents: pa.RecordBatch, calls: Recordings, marks: Recordings) -> Iterator[Subject]:
    """The subjects of documents, which have ``COLUMNS``."""
    columns = (documents.column(name).to_pylist() for name in COLUMNS)
    for name, digest, text, language, share in zip(*columns, strict=True):
        yield Subject(Document(name, text), language, share, calls.about(digest), marks.about(digest))


def judged(subject: Subject, rules: Rules) -> list[Told]:
    """The answers about a document, one a variant in the declared order, each kept or with the reasons why not."""
    found = _found(subject, rules.teacher)
    judging = None if rules.judge is None else _judging(subject, rules.judge, rules.least)
    chosen = selection.judge(_candidates(found), _text(subject), rules.check, rules.same_language, judging)
    return [Told(key, call, one) for (_, key, call), one in zip(found, chosen, strict=True)]


def to_be_marked(subject: Subject, rules: Rules) -> list[str]:
    """The answers that pass the limits, whose marks a judge is asked for."""
    candidates = _candidates(_found(subject, rules.teacher))
    found = measured(candidates, _text(subject), rules.check, rules.same_language)
    return [one.candidate.text for one in found if one.kept]


def missing(subject: Subject, rules: Rules) -> list[str]:
    """The variants whose answers have no outcome yet."""
    return [variant for variant, _, call in _found(subject, rules.teacher) if call.state == OPEN]


def _found(subject: Subject, teacher: Asked) -> list[tuple[str, str, Recorded]]:
    """Variant, key and call of each present request."""
    found = request.of_documents([subject.document], teacher.teacher, teacher.prompt)
    return [(one.variant, one.key, subject.calls.get(one.key, NONE)) for one in found]


def _candidates(found: list[tuple[str, str, Recorded]]) -> list[Candidate]:
    return [Candidate(variant, call.state, call.answer) for variant, _, call in found]


def _text(subject: Subject) -> Text:
    return Text(subject.document.text, subject.language, subject.language_share)


def _judging(subject: Subject, judge: Asked, least: float) -> selection.Judging:
    def say(one: Measured) -> Measured:
        (sent,) = request.of_answers([Answer(subject.document, one.candidate.text)], judge.service, judge.told)
        return _marked(one, subject.marks.get(sent.key, NONE), least)

    return say


def _marked(one: Measured, call: Recorded, least: float) -> Measured:
    if call.state == OPEN:
        return one.against(NOT_YET)
    if call.state != ANSWERED:
        return one.against(f"the judge's answer is {call.state}")
    value = mark.of(call.answer)
    if value is None:
        return one.against(NO_MARK)
    given = replace(one, mark=value)
    return given if value >= least else given.against(f"mark {value:g}, expected at least {least:g}")
