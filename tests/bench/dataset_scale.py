"""What a version of a dataset costs by the documents it has: ``make bench-datasets`` (DOCUMENTS=100000; 2 GB of disk).

Documents of about 4 kB with two answers each are written into their tables as the stages before leave them: words of a vocabulary
as often as in a language, one in three with the same licence text, two in a hundred nearly another one. Then each stage runs in
a process of its own. Memory is the greatest sum that was seen of that process and those that it started, of pages that are
shared each one's part (PSS).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset, datasets
from lakehouse.storage import arrow_dataset, commits, delta_log, table_schema
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table
from tests.jobs import notes

VARIANTS = ("cold", "warm")
PART = 1000
WORDS, LICENCE_WORDS, NEAR = 560, 150, 0.02


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--stage", choices=sorted(STAGES))
    asked = parser.parse_args()
    if asked.stage:
        STAGES[asked.stage]()
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        os.environ |= {
            "LAKEHOUSE_ROOT": str(root / "warehouse"),
            "NIGHTJAR_HOME": str(root / "state"),
            "USE_CASE_ROOTS": str(root / "roots"),
        }
        teacher = {"by": "extractive", "variants": [{"name": "cold"}, {"name": "warm", "temperature": 0.8, "seed": 1}]}
        stock(notes.declare(root / "roots", teacher=teacher), asked.documents)
        print(
            "| stage | seconds | processor seconds | documents a second | greatest memory, MB |\n| --- | --- | --- | --- | --- |"
        )
        for name in STAGES:
            seconds, processor, memory = measured(name)
            rate = asked.documents / seconds
            print(f"| {name} | {seconds:.0f} | {processor:.0f} | {rate:.0f} | {memory:.0f} |", flush=True)
        print(f"\nload of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def measured(stage: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and the greatest memory of a stage."""
    began, used, greatest = time.monotonic(), _processor_seconds(), 0.0
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.dataset_scale", "--stage", stage])
    while process.poll() is None:
        greatest = max(greatest, _memory(process.pid))
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.monotonic() - began, _processor_seconds() - used, greatest / 2**20


def _processor_seconds() -> float:
    """Of all processes that were started from here and have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _memory(pid: int) -> float:
    total = 0.0
    try:
        main_process = psutil.Process(pid)
        for process in (main_process, *main_process.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        pass
    return total


def assemble() -> None:
    """Make the first version."""
    from jobs.assemble import job
    from jobs.assemble.arguments import AssembleArguments

    print(job.run(AssembleArguments(dataset=notes.NAME, partition=notes.DAY)), file=sys.stderr)


def audit() -> None:
    """Look for leaks in it."""
    from lakehouse.corpus import leaks

    dataset = datasets.by_name(notes.NAME)
    table = tables.examples(dataset)
    columns = ("split", "document_id", "text", "summary")
    batches = arrow_dataset.batches(table, columns, pc.field("version") == 1, delta_log.version(table), 5000)
    print(f"{len(leaks.find(batches, dataset.near))} leaks", file=sys.stderr)


STAGES: dict[str, Callable[[], None]] = {"assemble": assemble, "audit": audit}


def stock(dataset: Dataset, count: int) -> None:
    """Write documents and answers."""
    dice = np.random.default_rng(7)
    vocabulary = np.array([_word(dice) for _ in range(30_000)], object)
    licence = " ".join(dice.choice(vocabulary, LICENCE_WORDS))
    texts = _texts(dice, vocabulary, licence, count)
    documents, answers = tables.documents(dataset), tables.summaries(dataset)
    writers = {table.name: TableFiles.of(table)() for table in (documents, answers)}
    files: dict[str, list[WrittenFile]] = {table.name: [] for table in (documents, answers)}
    for table in (documents, answers):
        commits.ensure(table)
    for begin in range(0, count, PART):
        part = [next(texts) for _ in range(min(PART, count - begin))]
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in part]
        rows: list[dict[str, Any]] = [
            {"document_id": f"d{begin + at:07}", "title": "t", "text": text, "content_digest": digest, "together": "[]"}
            | {"characters": len(text), "language": "en", "kept": True, "delivery_id": "one", "partition": notes.DAY}
            for at, (text, digest) in enumerate(zip(part, digests, strict=True))
        ]
        files[documents.name] += writers[documents.name].write(_table(documents, rows))
        told = [
            {
                "document_id": row["document_id"],
                "content_digest": row["content_digest"],
                "variant": variant,
                "kept": True,
            }
            | {
                "summary": f"{row['text'][:300]} {variant}",
                "request_key": row["content_digest"],
                "partition": notes.DAY,
            }
            | {"state": "answered"}
            for row in rows
            for variant in VARIANTS
        ]
        files[answers.name] += writers[answers.name].write(_table(answers, told))
    for table in (documents, answers):
        files[table.name] += writers[table.name].close()
        commits.replace_by_files(files[table.name], table, {"partition": [notes.DAY]})


def _word(dice: np.random.Generator) -> str:
    return "".join(dice.choice(list("abcdefghijklmnopqrstuvwxyz"), int(dice.integers(2, 10))))


def _texts(dice: np.random.Generator, vocabulary: np.ndarray, licence: str, count: int) -> Iterator[str]:
    weights = 1 / np.arange(1, len(vocabulary) + 1)
    limits = np.cumsum(weights / weights.sum())
    recent: list[str] = []
    for at in range(count):
        if recent and dice.random() < NEAR:
            words = recent[int(dice.integers(len(recent)))].split()
            place = int(dice.integers(len(words)))
            text = " ".join((*words[:place], "changed", *words[place + 3 :]))
        else:
            drawn = np.minimum(np.searchsorted(limits, dice.random(WORDS)), len(vocabulary) - 1)
            text = " ".join(vocabulary[drawn])
            if at % 3 == 0:
                text = f"{text} {licence}"
        recent = [*recent[-200:], text]
        yield text


def _table(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    empty: dict[str, Any] = {"string": "", "long": 0, "double": 0.0, "boolean": False}
    blank = {column.name: None if column.nullable else empty.get(column.type) for column in table.columns}
    return pa.Table.from_pylist([blank | row for row in rows], table_schema.arrow_schema(table))


if __name__ == "__main__":
    main()
