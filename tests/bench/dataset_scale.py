"""What all but the calls of a dataset costs by its documents: ``make bench-datasets`` (DOCUMENTS=100000; 3 GB of disk).

Documents of about 4 kB are written into silver, a third each Markdown, HTML and plain text: words of a vocabulary as often as in a
language, one in three with the same licence text, two in a hundred nearly another one. Each has two answers, which are written down
as if a teacher had given them. Each stage runs in a process of its own. Memory is the greatest sum that was seen of that process
and those that it started, of pages that are shared each one's part (PSS).
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset, loader
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import arrow_dataset, commits, delta_log, table_schema, table_shape
from lakehouse.storage.partition_files import TableFiles, WrittenFile
from lakehouse.tables import Table
from lakehouse.teacher import attempt, request
from tests.jobs import notes

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
        of_documents = notes.declaration()["documents"] | {
            "format": {"column": "kind", "values": dict(zip(KINDS, KINDS, strict=True))}
        }
        dataset = notes.declare(root / "roots", teacher=teacher, documents=of_documents)
        deliver(asked.documents)
        print(
            "| stage | seconds | processor seconds | documents a second | greatest memory, MB |\n| --- | --- | --- | --- | --- |"
        )
        whole = [0.0, 0.0, 0.0]
        for name in STAGES:
            seconds, processor, memory = measured(name)
            rate = asked.documents / seconds
            print(f"| {name} | {seconds:.0f} | {processor:.0f} | {rate:.0f} | {memory:.0f} |", flush=True)
            whole = [whole[0] + seconds, whole[1] + processor, max(whole[2], memory)]
            if name == "documents":
                answer(dataset)
        rate = asked.documents / whole[0]
        print(f"| all | {whole[0]:.0f} | {whole[1]:.0f} | {rate:.0f} | {whole[2]:.0f} |")
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


def documents() -> None:
    """Make the documents of the delivery."""
    from jobs.documents import job
    from jobs.documents.arguments import DocumentsArguments

    print(job.run(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY)), file=sys.stderr)


def check() -> None:
    """Check the answers."""
    from jobs.check import job
    from jobs.check.arguments import CheckArguments

    print(job.run(CheckArguments(dataset=notes.NAME, partition=notes.DAY)), file=sys.stderr)


def assemble() -> None:
    """Make the first version."""
    from jobs.assemble import job
    from jobs.assemble.arguments import AssembleArguments

    print(job.run(AssembleArguments(dataset=notes.NAME, partition=notes.DAY)), file=sys.stderr)


def gate() -> None:
    """Let the gate look at it: the audit of leaks, personal data, calls, the digest."""
    from jobs.release import job
    from jobs.release.arguments import ReleaseArguments

    print(job.run(ReleaseArguments(dataset=notes.NAME, dry_run=True)).verdict, file=sys.stderr)


STAGES: dict[str, Callable[[], None]] = {"documents": documents, "check": check, "assemble": assemble, "gate": gate}


def deliver(count: int) -> None:
    """Put the documents into silver, a third each Markdown, HTML and plain text, and a line into the ledger."""
    dice = np.random.default_rng(7)
    vocabulary = np.array([_word(dice) for _ in range(30_000)], object)
    licence = " ".join(dice.choice(vocabulary, LICENCE_WORDS))
    texts = _texts(dice, vocabulary, licence, count)
    _, source = loader.by_source(notes.SOURCE)
    silver = tables.silver(source)

    def rows(begin: int) -> list[dict[str, Any]]:
        return [
            {"note": f"d{at:07}", "title": "t", "body": FORMS[at % 3](next(texts)), "kind": KINDS[at % 3]}
            | {"delivery_id": "one", "line": at, "partition": notes.DAY}
            for at in range(begin, min(begin + PART, count))
        ]

    _write(silver, (rows(begin) for begin in range(0, count, PART)), {"partition": [notes.DAY]})
    now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    deliveries.record(
        [Delivery(notes.SOURCE, "one", notes.DAY, "f", "c", count, count, 0, 0, deliveries.INGESTED, now)]
    )


def answer(dataset: Dataset) -> None:
    """Write down calls whose answers are a part of the document, as if a teacher had been asked."""
    table = tables.documents(dataset)
    where = pc.field("kept")
    read = arrow_dataset.batches(table, ("document_id", "text"), where, delta_log.version(table), PART)
    now = dt.datetime(2024, 6, 2, tzinfo=dt.UTC)

    def rows() -> Iterator[list[dict[str, Any]]]:
        seen = set[str]()
        for batch in read:
            found = []
            for name, text in zip(*(batch.column(at).to_pylist() for at in range(2)), strict=True):
                for asked in request.of_documents([request.Document(name, text)], dataset.teacher, None):
                    if asked.key not in seen:
                        seen.add(asked.key)
                        call = attempt.begun(asked, dataset.name, "bench", now).sending(0, "bench", now)
                        told = f"{text[:300]} {asked.variant}"
                        said = call.replied("answered", now, 0, answer=told, finish_reason="stop")
                        found.append(vars(said) | {"segment": "bench"})
            yield found

    _write(tables.CALLS, rows(), {"dataset": [dataset.name]})


def _write(table: Table, parts: Iterable[list[dict[str, Any]]], replaced: dict[str, list[Any]]) -> None:
    table_shape.ensure(table)
    writer, files = TableFiles.of(table)(), list[WrittenFile]()
    for part in parts:
        files += writer.write(_table(table, part))
    commits.replace_by_files([*files, *writer.close()], table, replaced)


def _markdown(text: str) -> str:
    words = text.split()
    parts = [" ".join(words[at : at + 60]) for at in range(0, len(words), 60)]
    return "\n\n".join((f"# {parts[0]}", *(f"{part} [more](https://example.org)" for part in parts[1:])))


def _html(text: str) -> str:
    words = text.split()
    parts = "".join(f"<p>{' '.join(words[at : at + 60])}</p>" for at in range(0, len(words), 60))
    menu = "".join(f"<li><a href='/{name}'>{name}</a></li>" for name in notes.NOUNS)
    return (
        f"<!doctype html><html><body><nav><ul>{menu}</ul></nav><main>{parts}</main><footer>All</footer></body></html>"
    )


def _plain(text: str) -> str:
    return text


KINDS = ("markdown", "html", "plain")
FORMS = (_markdown, _html, _plain)


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
