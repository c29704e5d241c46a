"""The audit of a version: which documents on two sides of the split are equal or near, and which answers are equal.

It believes nothing of what made the split: it reads the examples alone, cuts them into words by other code, and counts what any two
documents on different sides have in common. Of a near pair the smaller document has enough of its runs on other sides; for each
document of which that is so, its runs are counted in every document there is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse import processes
from lakehouse.corpus import audited_words, counted_runs
from lakehouse.corpus.audited_words import Part, Read
from lakehouse.declaration.dataset_documents import Near
from lakehouse.declaration.dataset_split import SPLITS

EQUAL_TEXTS, NEAR_TEXTS, EQUAL_ANSWERS = "equal texts", "near texts", "equal answers"


@dataclass(frozen=True)
class Leak:
    """Two documents on different sides of the split.

    Attributes:
        kind: equal texts, near texts, or equal answers.
        left: a document.
        left_split: where it is; that of the two which comes first of train, validation, test.
        right: the other document.
        right_split: where that is.
        jaccard: common runs of words of the texts by all of both; None of answers.
        containment: common runs by those of the shorter text; None of answers.
    """

    kind: str
    left: str
    left_split: str
    right: str
    right_split: str
    jaccard: float | None
    containment: float | None


@dataclass
class _Seen:
    """The documents, in the order in which they came, and equal texts and answers by their digests."""

    names: list[str] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    lengths: list[NDArray[np.int64]] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    answers: dict[bytes, set[tuple[int, str]]] = field(default_factory=dict)


def find(examples: Iterable[pa.RecordBatch], near: Near) -> list[Leak]:
    """Every leak among the examples, in order; of many equal ones each with the first on another side.

    Args:
        examples: ``split``, ``document_id``, ``text``, ``summary``, and perhaps other columns.
        near: the limits.
    """
    with tempfile.TemporaryFile() as file:
        seen = _read(examples, near.ngram, file)
        by_text: dict[bytes, set[tuple[int, str]]] = {}
        for digest, side, name in zip(seen.texts, seen.sides, seen.names, strict=True):
            by_text.setdefault(digest, set()).add((side, name))
        found = {
            *_equal(EQUAL_TEXTS, by_text, 1.0),
            *_equal(EQUAL_ANSWERS, seen.answers, None),
            *_near(seen, near, file),
        }
    return sorted(found, key=_order)


def _order(leak: Leak) -> tuple[str, str, str, str, str]:
    return leak.kind, leak.left, leak.right, leak.left_split, leak.right_split


def _read(examples: Iterable[pa.RecordBatch], ngram: int, file: IO[bytes]) -> _Seen:
    """Take the examples in; the runs of each text go to the file, once a document and side."""
    seen, known = _Seen(), set[tuple[int, str, int]]()
    waiting: list[list[tuple[int, str]]] = []

    def parts() -> Iterator[Part]:
        for batch in examples:
            columns = (batch.column(name).to_pylist() for name in ("split", "document_id", "text", "summary"))
            texts, answers, owners = list[str](), list[str](), list[tuple[int, str]]()
            for split, name, text, answer in zip(*columns, strict=True):
                owner = (SPLITS.index(split), name)
                owners.append(owner)
                answers.append(answer)
                if (*owner, hash(text)) not in known:
                    known.add((*owner, hash(text)))
                    texts.append(text)
                    seen.sides.append(owner[0])
                    seen.names.append(name)
            waiting.append(owners)
            yield Part(texts, answers)

    work = partial(audited_words.read, ngram=ngram)
    read: Read
    for read in processes.mapped(work, parts(), lambda part: len(part.texts)):
        read.runs.tofile(file)
        seen.lengths.append(read.lengths)
        seen.texts += read.texts
        for digest, owner in zip(read.answers, waiting.pop(0), strict=True):
            seen.answers.setdefault(digest, set()).add(owner)
    return seen


def _equal(kind: str, by_digest: dict[bytes, set[tuple[int, str]]], alike: float | None) -> Iterator[Leak]:
    for owners in by_digest.values():
        sides = sorted({side for side, _ in owners})
        if len(sides) < 2:
            continue
        first = {side: min(name for own, name in owners if own == side) for side in sides}
        for side, name in owners:
            for other in sides:
                if other != side:
                    low, high = sorted(((side, name), (other, first[other])))
                    yield Leak(kind, low[1], SPLITS[low[0]], high[1], SPLITS[high[0]], alike, alike)


def _near(seen: _Seen, near: Near, file: IO[bytes]) -> Iterator[Leak]:
    lengths = np.concatenate([np.zeros(0, np.int64), *seen.lengths])
    for pair in counted_runs.common(file, lengths, np.array(seen.sides, np.int64), near):
        if seen.texts[pair.one] != seen.texts[pair.other]:
            low, high = sorted((seen.sides[at], seen.names[at]) for at in (pair.one, pair.other))
            yield Leak(NEAR_TEXTS, low[1], SPLITS[low[0]], high[1], SPLITS[high[0]], pair.jaccard, pair.containment)
