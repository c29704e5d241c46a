"""A dataset whose notes were delivered, summarised, assembled and published: one of them is to be erased.

What other stages write is written here directly, in the shape of their tables and folders.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from lakehouse import settings, tables
from lakehouse.corpus import content_digest, publication
from lakehouse.declaration import Dataset
from lakehouse.ops import dataset_versions
from lakehouse.ops.call import ANSWERED, Call
from lakehouse.ops.dataset_versions import VersionEvent
from lakehouse.storage import arrow_dataset, commits, table_schema, table_shape
from lakehouse.tables import Table
from lakehouse.teacher import folding, segments
from tests.jobs import notes
from tests.kept_places import KeptPlaces

DAY, NEXT = dt.date(2024, 1, 1), dt.date(2024, 1, 2)
NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
# What must not be found anywhere when it is erased: of its id, its title, its text and the answer.
ID, TITLE, TEXT, ANSWER = "zebra-4711", "Qwertzu", "xylophones-in-the-attic", "vuvuzela-summary"
MARKS = (ID, TITLE, TEXT, ANSWER)
# A document with the very text, and one that is near it.
TWIN, NEAR = "zebra-twin", "aardvark-1"


def declare(root: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    return notes.declare(root / "own", monkeypatch)


def body(name: str) -> str:
    return f"We keep {TEXT} and say no more." if name == ID else f"Text of {name}. Nothing else."


def land(name: str, *documents: str, day: dt.date = DAY) -> Path:
    """Land notes as one file; the format is by the name's ending."""
    file = Path(settings.load().landing_root) / notes.SOURCE / f"{day}.{name}"
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [delivered(one) for one in documents]
    if name == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), file)
        return file
    if name == "csv":
        text = ",".join(rows[0]) + "\n" + "".join(",".join(f'"{one}"' for one in row.values()) + "\n" for row in rows)
    else:
        text = "".join(json.dumps(row) + "\n" for row in rows)
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return file


def delivered(name: str) -> dict[str, str]:
    titles = {ID: TITLE}
    empty = dict.fromkeys(("kind", "thread", "licence", "link", "gone"), "")
    return {"note": name, "title": titles.get(name, "A title"), "body": body(name), **empty, "gone": "false"}


def ingest(day: dt.date = DAY, force: bool = False) -> Any:
    return ingest_job.run(IngestArguments(source=notes.SOURCE, partition=day, force=force))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def put(table: Table, rows: Sequence[dict[str, Any]], replaced: dict[str, Any]) -> None:
    schema = table_schema.arrow_schema(table)
    fillers: dict[str, Any] = {"string": "", "int": 0, "int64": 0, "int32": 0, "double": 0.0, "bool": False}
    full = [
        {field.name: row.get(field.name, None if field.nullable else fillers.get(str(field.type))) for field in schema}
        for row in rows
    ]
    commits.replace_table(pa.Table.from_pylist(full, schema), table, replaced)


def text_of(name: str) -> str:
    """Two documents have one text."""
    return body(ID) if name == TWIN else body(name)


def documents(dataset: Dataset, *names: str, day: dt.date = DAY) -> None:
    """Documents and their checked answers."""
    rows = [
        {
            "document_id": name,
            "title": TITLE if name == ID else "A title",
            "text": text_of(name),
            "content_digest": digest(text_of(name)),
            "kept": True,
            "partition": day,
        }
        for name in names
    ]
    put(tables.documents(dataset), rows, {"partition": {day}})
    answers = [
        {
            "document_id": name,
            "content_digest": digest(text_of(name)),
            "variant": "cold",
            "request_key": key(name),
            "summary": answer(name),
            "state": ANSWERED,
            "kept": True,
            "partition": day,
        }
        for name in names
    ]
    put(tables.summaries(dataset), answers, {"partition": {day}})


def key(name: str) -> str:
    return digest(f"request about {text_of(name)}")


def answer(name: str) -> str:
    return f"{ANSWER} of {digest(text_of(name))[:4]}" if text_of(name) == body(ID) else f"answer about {name}"


def call(dataset: Dataset, name: str, state: str = ANSWERED, **values: Any) -> Call:
    found: dict[str, Any] = {
        "dataset": dataset.name,
        "request_key": key(name),
        "purpose": "teach",
        "document_id": name,
        "content_digest": digest(text_of(name)),
        "variant": "cold",
        "endpoint": "http://teacher.example",
        "model": "m",
        "parameters": "{}",
        "prompt_digest": "p",
        "state": state,
        "attempts": 1,
        "replies": int(state == ANSWERED),
        "cost_micros": 70,
        "answer": answer(name) if state == ANSWERED else None,
        "run_id": "r",
        "first_sent_at": NOW,
        "sent_at": NOW,
        **values,
    }
    return Call(**found)


def journal(dataset: Dataset, *calls: Call, fold: bool = True) -> None:
    """Write calls down, and fold them into the table."""
    folder = folding.folder_of(dataset.name)
    folder.mkdir(parents=True, exist_ok=True)
    writer = segments.Writer(segments.following(folder))
    writer.append([segments.line(one) for one in calls])
    writer.close()
    if fold:
        folding.fold_all(dataset.name, folder)


def assemble(dataset: Dataset, version: int, *names: str, cluster: Sequence[str] = ()) -> None:
    """A version of these documents: those of ``cluster`` are one, named by the least of them."""

    def cluster_of(name: str) -> str:
        return min(cluster) if name in cluster else name

    clusters = [
        {
            "version": version,
            "document_id": name,
            "cluster_id": cluster_of(name),
            **({"nearest": ID, "jaccard": 0.9, "containment": 0.95} if name in cluster and name != ID else {}),
        }
        for name in names
    ]
    put(tables.clusters(dataset), clusters, {"version": {version}})
    examples = [
        {
            "version": version,
            "split": split_of(name),
            "example_id": digest(f"{version} {name}"),
            "document_id": name,
            "content_digest": digest(text_of(name)),
            "cluster_id": cluster_of(name),
            "variant": "cold",
            "request_key": key(name),
            "title": TITLE if name == ID else None,
            "text": text_of(name),
            "summary": answer(name),
        }
        for name in names
    ]
    put(tables.examples(dataset), examples, {"version": {version}})
    splits = [
        {"document_id": name, "cluster_id": cluster_of(name), "split": split_of(name), "first_version": 1}
        for name in names
    ]
    table_shape.rebuild(
        tables.splits(dataset), [pa.Table.from_pylist(splits, table_schema.arrow_schema(tables.splits(dataset)))]
    )
    record(dataset, version, dataset_versions.ASSEMBLED, NOW + dt.timedelta(hours=version), {"near": [ID, NEAR]})


def split_of(name: str) -> str:
    return "test" if name.startswith("test") else "train"


def examples(dataset: Dataset, version: int) -> pa.Table:
    return arrow_dataset.read(tables.examples(dataset)).filter(
        pa.compute.equal(arrow_dataset.read(tables.examples(dataset))["version"], version)
    )


def record(
    dataset: Dataset, version: int, state: str, when: dt.datetime, evidence: dict[str, Any], **places: str
) -> None:
    rows = examples(dataset, version)
    splits = rows["split"].to_pylist()
    dataset_versions.record(
        VersionEvent(
            dataset=dataset.name,
            version=version,
            state=state,
            content_digest=content_digest.of([rows]),
            fingerprint="f",
            partition=DAY,
            documents=len(set(rows["document_id"].to_pylist())),
            train_rows=splits.count("train"),
            validation_rows=0,
            test_rows=splits.count("test"),
            cost_micros=0,
            actor="a",
            reason="r",
            evidence=evidence,
            happened_at=when,
            **places,  # type: ignore[arg-type]
        )
    )


def publish(dataset: Dataset, version: int, **places: str) -> Path:
    """The folder of a version, and the line that says so."""
    folder = publication.place(dataset, version)
    (folder / publication.DATA).mkdir(parents=True)
    rows = examples(dataset, version)
    for split in sorted(set(rows["split"].to_pylist())):
        part = rows.filter(pa.compute.equal(rows["split"], split))
        names = ["example_id", "document_id", "variant", "title", "text", "summary"]
        parquet.write_table(part.select(names), folder / publication.DATA / f"{split}-00000-of-00001.parquet")
    event = dataset_versions.assembled(dataset.name, version)
    assert event is not None
    counts = "".join(f"| {split} | {count} | {count} |\n" for split, count in event.rows.items() if count)
    files = "- config_name: default\n  data_files:\n  - split: test\n    path: data/test-*.parquet\n"
    card = f"---\nconfigs:\n{files}---\n# Notes\n\nDigest: `{event.content_digest}`.\n\n{counts}"
    (folder / publication.CARD).write_text(card)
    listed = rows.select(["document_id", "content_digest", "split", "cluster_id", "delivery_id"]).to_pylist()
    said: dict[str, Any] = {
        "version": version,
        "content_digest": event.content_digest,
        "rows": event.rows,
        "gate": [{"found": f"0 leaks, {ID} looked at"}],
        "documents": listed,
        "calls": sorted(rows["request_key"].to_pylist()),
    }
    made = [file for file in folder.rglob("*") if file.is_file()]
    said["files"] = {
        file.relative_to(folder).as_posix(): {"sha256": publication.file_digest(file), "bytes": file.stat().st_size}
        for file in sorted(made)
    }
    (folder / publication.MANIFEST).write_text(json.dumps(said))
    record(
        dataset,
        version,
        dataset_versions.PUBLISHED,
        NOW + dt.timedelta(hours=10 + version),
        {},
        folder=str(folder),
        **places,
    )
    return folder


def whole(worlds: KeptPlaces, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Two days of deliveries, two versions, one of them published."""
    dataset = declare(worlds.root, monkeypatch)
    worlds.lay_out("notes", lambda: _live(dataset))
    return dataset


def _live(dataset: Dataset) -> None:
    land("jsonl", "b", ID, TWIN, NEAR, "test-1")
    ingest()
    land("csv", "c", ID, day=NEXT)
    ingest(NEXT)
    documents(dataset, "b", ID, TWIN, NEAR, "test-1")
    documents(dataset, "c", ID, day=NEXT)
    journal(dataset, call(dataset, "b"), call(dataset, ID), call(dataset, NEAR), call(dataset, "c"))
    assemble(dataset, 1, "b", ID, NEAR, "test-1", cluster=(ID, "zebra-5"))
    assemble(dataset, 2, "b", ID, "test-1", "zebra-5", "zebra-6", cluster=(ID, "zebra-5", "zebra-6"))
    publish(dataset, 1)
    publish(dataset, 2, hub_commit="c0ffee", tag="v2")
