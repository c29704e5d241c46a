"""What earlier versions had: where their documents are, which texts they had on which side, and which answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from jobs.assemble.split import BITS
from lakehouse import tables
from lakehouse.corpus import shingles
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset, delta_log

# A document with one of its texts, by id and digest.
Text = tuple[str, str]
ROWS = 500


@dataclass(frozen=True)
class Earlier:
    """The versions that were assembled before.

    Attributes:
        version: the newest; 0 when there is none.
        sides: by document where it is for ever.
        texts: by document and digest of its text the side that it was on.
        answers: by number of an answer's words the sides that it was on, as bits.
    """

    version: int = 0
    sides: dict[str, int] = field(default_factory=dict)
    texts: dict[Text, int] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)


def read(dataset: Dataset, version: int) -> Earlier:
    """What the versions up to this one had. What a killed run left behind it is of no version and not read."""
    if not version:
        return Earlier()
    rows = arrow_dataset.read(
        tables.splits(dataset), pc.field("first_version") <= version, columns=("document_id", "split")
    )
    sides = dict(zip(rows["document_id"].to_pylist(), (BITS[one] for one in rows["split"].to_pylist()), strict=True))
    found = Earlier(version, sides)
    known = set[str]()
    for batch in _batches(dataset, version, "example_id", "split", "document_id", "content_digest", "summary"):
        for example, split, name, digest, summary in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            if example not in known:
                known.add(example)
                found.texts[name, digest] = BITS[split]
                number = shingles.whole(summary)
                found.answers[number] = found.answers.get(number, 0) | BITS[split]
    return found


def texts(dataset: Dataset, version: int, wanted: Collection[Text]) -> Iterator[tuple[list[Text], list[str]]]:
    """The texts of these documents as earlier versions had them, some at a time: whose they are, and the texts."""
    left = set(wanted)
    if not left:
        return
    ids = pa.array(sorted({name for name, _ in left}), pa.string())
    for batch in _batches(dataset, version, "document_id", "content_digest", "text"):
        named = list(zip(batch["document_id"].to_pylist(), batch["content_digest"].to_pylist(), strict=True))
        owners, found = list[Text](), list[str]()
        for at in pc.indices_nonzero(pc.is_in(batch["document_id"], value_set=ids)).to_pylist():
            if named[at] in left:
                left.remove(named[at])
                owners.append(named[at])
                found.append(batch["text"][at].as_py())
        if owners:
            yield owners, found


def groups(dataset: Dataset, earlier: Earlier) -> Iterator[tuple[str, int]]:
    """The declared groups of earlier versions' texts, as far as the documents' table still has them: JSON lists and sides."""
    if earlier.texts and dataset.documents.together:
        rows = arrow_dataset.read(tables.documents(dataset), columns=("document_id", "content_digest", "together"))
        for name, digest, together in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            if side := earlier.texts.get((name, digest)):
                yield together, side


def _batches(dataset: Dataset, version: int, *columns: str) -> Iterator[pa.RecordBatch]:
    table = tables.examples(dataset)
    at_version = delta_log.version(table)
    if at_version < 0:
        return iter(())
    return iter(arrow_dataset.batches(table, columns, pc.field("version") <= version, at_version, ROWS))
