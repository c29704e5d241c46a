"""What is asked about: the documents that a dataset keeps, those whose grade is missing, and answers that a judge sees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pyarrow.compute as pc

from lakehouse.corpus import streamed
from lakehouse.declaration import Dataset
from lakehouse.teacher import pool, subject
from lakehouse.teacher.recorded import Recordings
from lakehouse.teacher.request import Answer, Document
from lakehouse.teacher.subject import Rules, Subject


def kept(dataset: Dataset, as_of: dt.date) -> Iterator[Document]:
    """The documents that are kept as of a day."""
    return _documents(dataset, as_of, streamed.KEPT)


def to_be_graded(dataset: Dataset, as_of: dt.date) -> Iterator[Document]:
    """The documents that pass every limit but that of the grade, which they may not have yet."""
    return _documents(dataset, as_of, streamed.BUT_FOR_GRADE)


def to_be_marked(dataset: Dataset, as_of: dt.date, rules: Rules) -> Iterator[Answer]:
    """The answers about kept documents that pass the limits, as the books have them now."""
    found = pool.mapped(partial(_passing, rules=rules), _subjects(dataset, as_of, rules))
    for answers in found:
        yield from answers


def missing(dataset: Dataset, as_of: dt.date, rules: Rules, text: str) -> Iterator[Answer]:
    """For each answer that has no outcome yet one with this text and its variant, as a judge may come to see it."""
    for one in _subjects(dataset, as_of, rules):
        for variant in subject.missing(one, rules):
            yield Answer(one.document, f"{variant} {text}")


def _documents(dataset: Dataset, as_of: dt.date, where: pc.Expression) -> Iterator[Document]:
    for batch in streamed.batches(dataset, as_of, ("document_id", "text"), where):
        columns = (column.to_pylist() for column in batch.columns)
        for name, text in zip(*columns, strict=True):
            yield Document(name, text)


def _subjects(dataset: Dataset, as_of: dt.date, rules: Rules) -> Iterator[Subject]:
    calls, none = Recordings(dataset, rules.teacher), Recordings(dataset, None)
    for batch in streamed.batches(dataset, as_of, subject.COLUMNS):
        yield from subject.of_documents(batch, calls, none)


def _passing(subjects: list[Subject], rules: Rules) -> list[Answer]:
    return [Answer(one.document, text) for one in subjects for text in subject.to_be_marked(one, rules)]
