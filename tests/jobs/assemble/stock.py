"""Documents and answers of the small dataset, written into its tables as the stages before assemble leave them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.assemble import job
from jobs.assemble.arguments import AssembleArguments
from jobs.assemble.job import AssembleResult
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset, commits, table_schema
from lakehouse.tables import Table
from tests.jobs import notes

VARIANTS: tuple[dict[str, Any], ...] = ({"name": "cold"}, {"name": "warm", "temperature": 0.8, "seed": 1})


@dataclass(frozen=True)
class Held:
    """A document: its text, its groups, whether it is kept, and its answers by variant (None: one that is not kept)."""

    name: str
    text: str
    groups: tuple[str, ...] = ()
    kept: bool = True
    answers: dict[str, str | None] | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def answer(self, variant: str) -> str | None:
        found = self.answers or {}
        return found.get(variant, f"What {self.name} says is {self.digest[:9]}, {variant}.")


def declare(root: Path, **sections: Any) -> Dataset:
    """The dataset with two variants."""
    teacher = {"by": "extractive", "sentences": 2, "variants": list(VARIANTS)}
    return notes.declare(root, **{"teacher": teacher, **sections})


def put(dataset: Dataset, held: Iterable[Held], day: dt.date = notes.DAY) -> None:
    """Make these the documents of a day, with their answers; what the day had before is gone."""
    found = list(held)
    documents = [
        {
            "document_id": one.name,
            "title": f"Title of {one.name}",
            "text": one.text,
            "content_digest": one.digest,
            "together": json.dumps(list(one.groups)),
            "characters": len(one.text),
            "language": "en",
            "licence": "MIT",
            "kept": one.kept,
            "delivery_id": f"delivery of {day}",
            "partition": day,
        }
        for one in found
    ]
    _write(tables.documents(dataset), documents, day)
    answers = [
        {
            "document_id": one.name,
            "content_digest": one.digest,
            "variant": variant.name,
            "request_key": hashlib.sha256(f"{one.digest}{variant.name}".encode()).hexdigest(),
            "summary": one.answer(variant.name),
            "state": "answered",
            "kept": one.answer(variant.name) is not None,
            "partition": day,
        }
        for one in found
        if one.kept
        for variant in dataset.teacher.variants
    ]
    _write(tables.summaries(dataset), answers, day)


def assemble(dataset: Dataset, day: dt.date = notes.DAY, **arguments: Any) -> AssembleResult:
    return job.run(AssembleArguments(dataset=dataset.name, partition=day, **arguments))


def examples(dataset: Dataset, version: int) -> list[dict[str, Any]]:
    """The examples of a version, in the order of their documents and variants."""
    rows = arrow_dataset.read(tables.examples(dataset)).to_pylist()
    found = [row for row in rows if row["version"] == version]
    return sorted(found, key=lambda row: (row["document_id"], row["variant"]))


def clusters(dataset: Dataset, version: int) -> dict[str, dict[str, Any]]:
    """The clusters' rows of a version, by document."""
    rows = arrow_dataset.read(tables.clusters(dataset)).to_pylist()
    return {row["document_id"]: row for row in rows if row["version"] == version}


def sides(dataset: Dataset, version: int) -> dict[str, str]:
    """The split of each document of a version."""
    return {row["document_id"]: row["split"] for row in examples(dataset, version)}


def _write(table: Table, rows: Sequence[dict[str, Any]], day: dt.date) -> None:
    empty: dict[str, Any] = {"string": "", "long": 0, "double": 0.0, "boolean": False}
    blank = {column.name: None if column.nullable else empty.get(column.type) for column in table.columns}
    lines = [blank | row for row in rows]
    commits.replace_table(pa.Table.from_pylist(lines, table_schema.arrow_schema(table)), table, {"partition": [day]})
