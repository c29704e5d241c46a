"""Whether the loop of calls keeps as many under way as are declared: ``python -m tests.bench.teacher``.

A service in a process of its own answers each request after 200 ms; 64 calls are under way. The possible rate is 64 calls each
200 ms. Beside it, in the same run: the HTTP client alone, without books, budget and checks. The journal is in a folder on the disk,
and each call waits for the disk once. A machine with other work has less than a core for it, and then both rates are lower.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import itertools
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable

from lakehouse.declaration.dataset_check import Check
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher
from lakehouse.ops import calls
from lakehouse.teacher import teaching
from lakehouse.teacher.access import Access
from lakehouse.teacher.quality.measures import measure
from lakehouse.teacher.request import Document, Request, of_documents
from lakehouse.teacher.service import Service
from tests import teacher_server
from tests.lakehouse.teacher.asking import BUDGET, requests, teacher

LATENCY = 0.2
# Of a README, in characters.
DOCUMENT = "Some words of a document that says what a package is for. " * 70


def bare(url: str, asked: list[Request], under_way: int) -> None:
    """The client alone."""

    async def run() -> None:
        left = iter(asked)
        async with Service(teacher(url, concurrency=under_way), Access()) as service:

            async def work() -> None:
                for request in left:
                    await service.ask(request)

            await asyncio.gather(*(work() for _ in range(under_way)))

    asyncio.run(run())


def measured(name: str, count: int, under_way: int, work: Callable[[], object]) -> None:
    """Print a line of the table."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    work()
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    possible = under_way / LATENCY
    rate = count / seconds
    print(f"| {name} | {rate:.0f} | {rate / possible:.0%} | {seconds:.1f} | {used / count * 1000:.2f} |", flush=True)


def readmes() -> list[str]:
    """The first 4,000 characters of the READMEs of the installed packages."""
    found = (package.metadata.get_payload() for package in importlib.metadata.distributions())
    return [text[:4000] for text in found if isinstance(text, str) and len(text) > 500]


def offline() -> None:
    """Print what the summariser and the checks take of a processor."""
    texts, asked = readmes(), ExtractiveTeacher()
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    began = time.process_time()
    found = teaching.teach("readmes", of_documents(documents, asked, None), asked)
    each = (time.process_time() - began) / len(texts) * 1000
    print(f"{len(texts)} READMEs, outcomes of the built-in summariser: {found.ended}; {each:.1f} processor ms each")
    summaries = [(line["answer"], texts[int(line["document_id"])]) for line in calls.answers("readmes").to_pylist()]
    began = time.process_time()
    for summary, text in summaries:
        measure(summary, text, Check())
    each = (time.process_time() - began) / len(summaries) * 1000
    print(f"the checks of an answer: {each:.1f} processor ms")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=6400)
    parser.add_argument("--under-way", type=int, default=64)
    given = parser.parse_args()
    count, under_way = given.calls, given.under_way
    root = tempfile.mkdtemp(prefix="bench-teacher-")
    os.environ["LAKEHOUSE_ROOT"] = root
    with teacher_server.apart(f"--latency={LATENCY}") as url:
        asked = teacher(url, concurrency=under_way)
        made = list(itertools.islice(requests(asked, (f"{number} {DOCUMENT}" for number in range(count))), count))
        print(f"{count} calls of {len(made[0].body)} bytes, {under_way} under way, {LATENCY * 1000:.0f} ms each")
        print("| | calls/s | of the possible | s | processor ms a call |\n| --- | --- | --- | --- | --- |")
        measured("the client alone", count, under_way, lambda: bare(url, made, under_way))
        measured("with books, budget and checks", count, under_way, lambda: teaching.teach("d", made, asked, BUDGET))
        most = teacher_server.bill(url)["most_under_way"]
    offline()
    print(f"at most {most} under way; the journal was on {root}")
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
