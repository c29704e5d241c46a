"""One pass over the examples of a version: their digest, their licences, how large they are, and what they say of persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from jobs.release import personal_data
from jobs.release.personal_data import Personal
from jobs.release.version_rows import VersionRows
from lakehouse.corpus.content_digest import COLUMNS, ContentDigest

# What is counted for the size of a file.
SIZED = ("text", "summary", "title", "url")


@dataclass(frozen=True)
class Scan:
    """What one pass over a version's examples finds.

    Attributes:
        content_digest: of them all.
        rows: how many examples each split has, by its name.
        bytes: of their texts, by split.
        licences: how many examples have each; None: no licence.
        languages: how many examples have each.
        personal: what their texts and summaries say of persons.
    """

    content_digest: str
    rows: Mapping[str, int]
    bytes: Mapping[str, int]
    licences: Mapping[str | None, int]
    languages: Mapping[str, int]
    personal: Personal


def scan(examples: VersionRows) -> Scan:
    """Pass over the examples."""
    digest, rows, size = ContentDigest(), Counter[str](), Counter[str]()
    licences, languages = Counter[str | None](), Counter[str]()

    def counted() -> Iterator[pa.RecordBatch]:
        for batch in examples.batches(*COLUMNS):
            digest.add(batch)
            splits = batch.column("split").to_pylist()
            rows.update(splits)
            lengths = [pc.fill_null(pc.binary_length(batch.column(name)), 0).to_pylist() for name in SIZED]
            for split, *of_columns in zip(splits, *lengths, strict=True):
                size[split] += sum(of_columns)
            licences.update(batch.column("licence").to_pylist())
            languages.update(batch.column("language").to_pylist())
            yield batch

    found = personal_data.find(counted())
    return Scan(digest.hexdigest(), dict(rows), dict(size), dict(licences), dict(languages), found)
