"""What a version is made of: the documents that count on a day, and the answers about them that are kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.corpus import current
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset, delta_log

# Of a row that counts, without its text.
COLUMNS = ("document_id", "content_digest", "characters", "kept", "together", "delivery_id")
# So many texts are read at a time: some megabytes.
ROWS = 500


@dataclass(frozen=True)
class Answer:
    """An answer that is kept.

    Attributes:
        document: the place of its document among those of the material.
        variant: the declared variant.
        request_key: its call.
        summary: the answer.
        example_id: digest of document, text, variant and answer.
    """

    document: int
    variant: str
    request_key: str
    summary: str
    example_id: str


@dataclass(frozen=True)
class Material:
    """Documents and answers.

    Attributes:
        dataset: whose.
        as_of: the day.
        at_version: of the documents' table.
        seen: how many documents count on the day.
        kept: how many of them pass the filter.
        documents: ``COLUMNS`` of those that have an answer, in the order of their ids.
        answers: of these documents, in their order and that of the variants.
    """

    dataset: Dataset
    as_of: dt.date
    at_version: int
    seen: int
    kept: int
    documents: pa.Table
    answers: Sequence[Answer]

    @property
    def names(self) -> list[str]:
        """The documents' ids."""
        found: list[str] = self.documents["document_id"].to_pylist()
        return found

    def batches(self, columns: Sequence[str], chosen: Sequence[bool]) -> Iterator[tuple[list[int], pa.RecordBatch]]:
        """Some columns of the chosen documents, some rows at a time in no order, with the place of each row's document."""
        table = tables.documents(self.dataset)
        wanted = [*columns, *(name for name in ("document_id", "partition", "content_digest") if name not in columns)]
        where = (pc.field("partition") <= self.as_of) & pc.field("kept")
        counting = _Counting(current.places(self.dataset, self.as_of))
        names, digests = (self.documents[name].combine_chunks() for name in ("document_id", "content_digest"))
        pick = pa.array(chosen, pa.bool_())
        for batch in arrow_dataset.batches(table, wanted, where, self.at_version, ROWS):
            place = pc.index_in(batch["document_id"], value_set=names)
            mask = pc.and_(counting.counts(batch), pc.fill_null(pick.take(place), False))
            mask = pc.fill_null(pc.and_(mask, pc.equal(digests.take(place), batch["content_digest"])), False)
            found = batch.filter(mask)
            if len(found):
                yield place.filter(mask).to_pylist(), found.select(list(columns))


class _Counting:
    def __init__(self, places: pa.Table) -> None:
        self._names = places["document_id"].combine_chunks()
        self._days = places["partition"].combine_chunks()

    def counts(self, rows: pa.RecordBatch) -> pa.BooleanArray:
        """Which rows are those that count."""
        place = pc.index_in(rows["document_id"], value_set=self._names)
        return pc.fill_null(pc.equal(self._days.take(place), rows["partition"]), False)


def read(dataset: Dataset, as_of: dt.date) -> Material:
    """What there is on a day."""
    table = tables.documents(dataset)
    version = delta_log.version(table)
    within = pc.field("partition") <= as_of
    rows = arrow_dataset.read(table, within, version if version >= 0 else None, (*COLUMNS, "partition"))
    counting = _Counting(current.places(dataset, as_of))
    parts = [batch.filter(counting.counts(batch)) for batch in rows.to_batches()]
    found = pa.Table.from_batches(parts, rows.schema).sort_by("document_id").select(list(COLUMNS))
    kept = found.filter(found["kept"])
    answers = _answers(dataset, as_of, kept)
    with_answers = sorted({one.document for one in answers})
    place = {old: new for new, old in enumerate(with_answers)}
    return Material(
        dataset,
        as_of,
        version,
        len(found),
        len(kept),
        kept.take(pa.array(with_answers, pa.int64())),
        [Answer(place[one.document], one.variant, one.request_key, one.summary, one.example_id) for one in answers],
    )


def _answers(dataset: Dataset, as_of: dt.date, documents: pa.Table) -> list[Answer]:
    """The kept answers about these documents' present texts: of a document and variant the newest."""
    order = {one.name: at for at, one in enumerate(dataset.teacher.variants)}
    where = pc.field("kept") & (pc.field("partition") <= as_of) & arrow_dataset.among("variant", order)
    names = ("document_id", "content_digest", "variant", "request_key", "summary", "partition")
    rows = arrow_dataset.read(tables.summaries(dataset), where, columns=names).sort_by("partition")
    place = pc.index_in(rows["document_id"], value_set=documents["document_id"].combine_chunks())
    same = pc.fill_null(pc.equal(documents["content_digest"].take(place), rows["content_digest"]), False)
    same = pc.and_(same, pc.is_valid(rows["summary"]))
    rows, place = rows.filter(same), place.filter(same)
    newest: dict[tuple[int, int], Answer] = {}
    columns = (place.to_pylist(), *(rows[name].to_pylist() for name in names[:-1]))
    for document, name, digest, variant, key, summary in zip(*columns, strict=True):
        example = example_id(name, digest, variant, summary)
        newest[document, order[variant]] = Answer(document, variant, key, summary, example)
    return [newest[key] for key in sorted(newest)]


def example_id(document: str, content_digest: str, variant: str, summary: str) -> str:
    """The digest of document, text, variant and answer: 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps([document, content_digest, variant, summary]).encode()).hexdigest()[:32]


def fingerprint_lines(material: Material) -> Iterator[str]:
    """Whatever of the material decides a version, in order."""
    columns = (material.documents[name].to_pylist() for name in COLUMNS)
    yield from (json.dumps(values) for values in zip(*columns, strict=True))
    yield from (json.dumps([one.example_id, one.request_key]) for one in material.answers)
