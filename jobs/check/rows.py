"""The rows of checked answers: of each document one a variant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lakehouse.ops.call import ANSWERED
from lakehouse.storage import table_schema
from lakehouse.tables import INPUTS_FINGERPRINT, Table
from lakehouse.tables.of_dataset import ANSWER_MEASURES
from lakehouse.teacher import subject
from lakehouse.teacher.subject import Rules, Subject, Told

# Those that are measured on the text alone.
_MEASURED = tuple(column.name for column in ANSWER_MEASURES if column.name not in ("language", "mark"))


@dataclass(frozen=True)
class Placed:
    """A document with the calls about it, and where its rows go.

    Attributes:
        subject: the document.
        content_digest: of its text.
        partition: the day of its delivery.
        fingerprint: of what the day is made from.
    """

    subject: Subject
    content_digest: str
    partition: dt.date
    fingerprint: str


def of(placed: list[Placed], rules: Rules, table: Table) -> pa.Table:
    """The rows of these documents, with the columns of the table."""
    lines = [line for one in placed for line in _lines(one, rules)]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(table))


def _lines(placed: Placed, rules: Rules) -> Iterator[dict[str, Any]]:
    for told in subject.judged(placed.subject, rules):
        yield {
            "document_id": placed.subject.document.document_id,
            "content_digest": placed.content_digest,
            **_answer(told),
            "partition": placed.partition,
            INPUTS_FINGERPRINT: placed.fingerprint,
        }


def _answer(told: Told) -> dict[str, Any]:
    call, found = told.call, told.found
    measures = found.measures
    return {
        "variant": found.variant,
        "request_key": told.key,
        "summary": call.answer if call.state == ANSWERED else None,
        "state": call.state,
        "finish_reason": call.finish_reason,
        **{name: None if measures is None else getattr(measures, name) for name in _MEASURED},
        "language": found.language,
        "mark": found.mark,
        "kept": found.kept,
        "reasons": "; ".join(found.reasons),
    }
