"""What the texts, titles and answers of a version say of persons: each document's text is looked at once."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.corpus import pii

COLUMNS = ("example_id", "content_digest", "title", "text", "summary")

# A process is there after half a second, in which one core looks at some hundred texts of 4 kB.
IN_PROCESS_TEXTS = 2_000
CHUNK = 250
# So many ids are named.
NAMED = 3


@dataclass(frozen=True)
class Personal:
    """What was found: how often each kind, in how many texts, and the first of the examples that have them."""

    kinds: dict[str, int] = field(default_factory=dict)
    texts: int = 0
    examples: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many were found in all."""
        return sum(self.kinds.values())


class PersonalScan:
    """Looks at examples that are given some at a time; many texts are shared out over the cores.

    Use as a context manager: its processes end with the block.
    """

    def __init__(self, workers: int | None = None, in_process: int = IN_PROCESS_TEXTS) -> None:
        self._workers, self._in_process = workers or os.cpu_count() or 1, in_process
        self._seen: set[str] = set()
        self._waiting: list[tuple[str, str]] = []
        self._given = 0
        self._pool: ProcessPoolExecutor | None = None
        self._under_way: deque[tuple[list[str], Future[list[dict[str, int]]]]] = deque()
        self._stack = ExitStack()
        self._kinds: Counter[str] = Counter()
        self._texts, self._examples = 0, set[str]()

    def __enter__(self) -> PersonalScan:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Take examples in: ``COLUMNS``."""
        for example, digest, title, text, summary in zip(
            *(rows.column(name).to_pylist() for name in COLUMNS), strict=True
        ):
            for key, one in ((digest, text), (title, title)):
                if key is not None and key not in self._seen:
                    self._seen.add(key)
                    self._waiting.append((example, one))
            self._waiting.append((example, summary))
        while len(self._waiting) >= CHUNK:
            chunk, self._waiting = self._waiting[:CHUNK], self._waiting[CHUNK:]
            self._look(chunk)

    def found(self) -> Personal:
        """What all that was given has."""
        self._look(self._waiting)
        self._waiting = []
        while self._under_way:
            self._take()
        return Personal(dict(sorted(self._kinds.items())), self._texts, tuple(sorted(self._examples)[:NAMED]))

    def _look(self, chunk: list[tuple[str, str]]) -> None:
        examples, texts = [one for one, _ in chunk], [text for _, text in chunk]
        self._given += len(chunk)
        if self._given <= self._in_process:
            self._count(examples, counts(texts))
            return
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = self._stack.enter_context(ProcessPoolExecutor(self._workers, mp_context=context))
        self._under_way.append((examples, self._pool.submit(counts, texts)))
        if len(self._under_way) > 4 * self._workers:
            self._take()

    def _take(self) -> None:
        examples, future = self._under_way.popleft()
        self._count(examples, future.result())

    def _count(self, examples: list[str], found: list[dict[str, int]]) -> None:
        for example, kinds in zip(examples, found, strict=True):
            if kinds:
                self._kinds.update(kinds)
                self._texts += 1
                self._examples.add(example)


def counts(texts: Sequence[str]) -> list[dict[str, int]]:
    """What each text has, by kind."""
    return [pii.counts(text) for text in texts]


def shares(kinds: dict[str, int]) -> Iterator[str]:
    """The kinds in words."""
    return (f"{count} {kind}" for kind, count in sorted(kinds.items()))
