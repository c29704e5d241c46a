"""Versions of the notes' dataset, written as the stages before would have written them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lakehouse import tables
from lakehouse.corpus import content_digest
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_split import SPLITS
from lakehouse.ops import calls, dataset_versions
from lakehouse.ops.call import ANSWERED, Call
from lakehouse.ops.dataset_versions import ASSEMBLED, VersionEvent
from lakehouse.storage import commits
from lakehouse.storage.table_schema import arrow_schema
from lakehouse.teacher import extractive
from tests.jobs import notes

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
Row = dict[str, Any]


def sha(*parts: str) -> str:
    """A digest of texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def example(document: str, split: str = "train", **values: Any) -> Row:
    """An example of a document with a text like no other's, with some values replaced."""
    seed = int(sha(document)[:8], 16)
    text = values.pop("text", notes.text(seed))
    variant = values.pop("variant", "cold")
    summary = values.pop("summary", f"The note {seed} says that {notes.text(seed + 1, 1)}")
    return {
        "split": split,
        "example_id": sha(document, text, variant, summary),
        "document_id": document,
        "content_digest": sha(text),
        "cluster_id": document,
        "variant": variant,
        "request_key": sha("key", text, variant),
        "title": f"Note {document}",
        "text": text,
        "summary": summary,
        "language": "en",
        "licence": "MIT",
        "url": None,
        "delivery_id": f"{notes.DAY}-0",
        **values,
    }


def several(train: int = 6, validation: int = 2, test: int = 2) -> list[Row]:
    """So many examples of each split."""
    counts = {"train": train, "validation": validation, "test": test}
    return [example(f"{split}-{at}", split) for split, count in counts.items() for at in range(count)]


def document(row: Row, **values: Any) -> Row:
    """The document that an example is of, as its table has it."""
    table = arrow_schema(tables.documents(_any()))
    empty = {
        field.name: "" if pa.types.is_string(field.type) else False if pa.types.is_boolean(field.type) else 0
        for field in table
    }
    same = {
        name: row[name] for name in ("document_id", "title", "text", "content_digest", "licence", "url", "language")
    }
    return {**empty, **same, "kept": True, "pii_counts": "{}", "together": "[]", "partition": notes.DAY, **values}


def write_documents(dataset: Dataset, rows: Iterable[Row]) -> None:
    """Put documents into their table, all of a day."""
    table = tables.documents(dataset)
    by_day: dict[dt.date, list[Row]] = {}
    for row in rows:
        by_day.setdefault(row["partition"], []).append(row)
    for day, of_day in by_day.items():
        commits.replace_table(pa.Table.from_pylist(of_day, arrow_schema(table)), table, {"partition": [day]})


def write_summaries(dataset: Dataset, rows: Iterable[Row], states: Mapping[str, str] | None = None) -> None:
    """Put the checked answers of examples into their table; ``states`` of some documents are other ones."""
    table = tables.summaries(dataset)
    empty = dict.fromkeys(name for name in table.column_names)
    lines = [
        {
            **empty,
            **{name: row[name] for name in ("document_id", "content_digest", "variant", "request_key", "summary")},
            "state": (states or {}).get(row["document_id"], ANSWERED),
            "kept": True,
            "reasons": "",
            "inputs_fingerprint": "",
            "partition": notes.DAY,
        }
        for row in rows
    ]
    commits.replace_table(pa.Table.from_pylist(lines, arrow_schema(table)), table, {"partition": [notes.DAY]})


def call(dataset: Dataset, row: Row, **values: Any) -> Call:
    """The call behind an example."""
    return Call(
        **{
            "dataset": dataset.name,
            "request_key": row["request_key"],
            "purpose": "teach",
            "document_id": row["document_id"],
            "content_digest": row["content_digest"],
            "variant": row["variant"],
            "endpoint": extractive.ENDPOINT,
            "model": "textrank",
            "parameters": '{"sentences":2}',
            "prompt_digest": "",
            "state": ANSWERED,
            "attempts": 1,
            "replies": 1,
            "answer": row["summary"],
            "run_id": "r",
            "first_sent_at": NOW,
            "sent_at": NOW,
            "ended_at": NOW,
            **values,
        }
    )


def write_calls(dataset: Dataset, rows: Iterable[Row], **values: Any) -> None:
    """Put the calls behind examples into the books."""
    found = {row["request_key"]: call(dataset, row, **values) for row in rows}
    calls.fold(dataset.name, "segment", list(found.values()), [])


def write_examples(dataset: Dataset, rows: Sequence[Row], version: int = 1) -> None:
    """Put the examples of a version into their table."""
    table = tables.examples(dataset)
    lines = [row | {"version": version} for row in rows]
    commits.replace_table(pa.Table.from_pylist(lines, arrow_schema(table)), table, {"version": [version]})


def line(dataset: Dataset, rows: Sequence[Row], version: int = 1, **values: Any) -> VersionEvent:
    """The line of a version's making."""
    counts = {split: sum(row["split"] == split for row in rows) for split in SPLITS}
    digest = content_digest.of([pa.Table.from_pylist(list(rows), _schema(dataset))] if rows else [])
    return VersionEvent(
        **{
            "dataset": dataset.name,
            "version": version,
            "state": ASSEMBLED,
            "content_digest": digest,
            "fingerprint": f"f{version}",
            "partition": notes.DAY,
            "documents": len({row["document_id"] for row in rows}),
            **{f"{split}_rows": count for split, count in counts.items()},
            "cost_micros": 0,
            "actor": "job",
            "reason": "assembled",
            "evidence": {"teacher": "textrank"},
            "happened_at": NOW + dt.timedelta(minutes=version),
            **values,
        }
    )


def assemble(dataset: Dataset, rows: Sequence[Row], version: int = 1, **of_calls: Any) -> VersionEvent:
    """All that a version is made from, and the line of its making."""
    first = list({row["document_id"]: row for row in rows}.values())
    write_documents(dataset, [document(row) for row in first])
    write_summaries(dataset, rows)
    write_calls(dataset, rows, **of_calls)
    write_examples(dataset, rows, version)
    event = line(dataset, rows, version)
    dataset_versions.record(event)
    return event


def states(dataset: Dataset) -> list[str]:
    """The states of the log, in order."""
    return [event.state for event in dataset_versions.of_dataset(dataset.name)]


def told(findings: Sequence[Mapping[str, Any]], rule: str) -> Mapping[str, Any]:
    """What one rule found."""
    return next(one for one in findings if one["rule"] == rule)


def parsed(text: str) -> Any:
    """A JSON text."""
    return json.loads(text)


def _schema(dataset: Dataset) -> pa.Schema:
    whole = arrow_schema(tables.examples(dataset))
    return pa.schema([field for field in whole if field.name != "version"])


def _any() -> Dataset:
    from lakehouse.declaration import datasets

    return datasets.by_name(notes.NAME)
