"""The marks that a dataset's calls have brought: of documents, and of answers."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow.compute as pc

from lakehouse.declaration import Dataset
from lakehouse.ops import calls
from lakehouse.ops.call import ANSWERED
from lakehouse.teacher import asked, mark
from lakehouse.teacher.request import GRADE


def marks(dataset: Dataset, purpose: str = GRADE) -> dict[str, float]:
    """The mark of each document that has one, from 0 to 1, by the digest of its text.

    Only marks count that were asked for as is declared now: by another model, prompt or parameter they are other marks. An answer
    that is no mark is left out.

    Args:
        dataset: whose documents; one that declares no ``grade`` has no marks.
        purpose: ``grade``: the only marks that belong to a document as a whole.

    Raises:
        DeclarationError: when the prompt is not fit for use.
    """
    if purpose != GRADE:
        raise ValueError(f"expected {GRADE}, whose marks belong to documents, found {purpose}: see marks_of")
    way = asked.of(dataset, purpose)
    if way is None:
        return {}
    columns = ("content_digest", "state", "answer", "ended_at", "request_key")
    found = way.recorded(dataset.name, columns).filter(pc.field("state") == ANSWERED)
    # Of several, as of prompts that were framed in another way, the newest counts.
    found = found.sort_by([("ended_at", "ascending"), ("request_key", "ascending")])
    return _marks(found["content_digest"].to_pylist(), found["answer"].to_pylist())


def marks_of(dataset: Dataset, keys: Collection[str]) -> dict[str, float]:
    """The marks that these requests have brought, by their keys; a request without a mark is left out."""
    found = calls.answers(dataset.name, keys, columns=("request_key", "state", "answer"))
    found = found.filter(pc.field("state") == ANSWERED)
    return _marks(found["request_key"].to_pylist(), found["answer"].to_pylist())


def _marks(names: list[str], answers: list[str | None]) -> dict[str, float]:
    read = {name: mark.of(answer or "") for name, answer in zip(names, answers, strict=True)}
    return {name: value for name, value in read.items() if value is not None}
