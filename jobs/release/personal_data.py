"""What the texts, titles and answers of a version say of persons: each document's text is looked at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse import processes
from lakehouse.corpus import pii

COLUMNS = ("example_id", "content_digest", "title", "text", "summary")

# Fewer texts are looked at in this process: another one is there after half a second, in which a core looks at some hundred texts
# of 4 kB.
FEW = 1_000
# So many texts go to a process at a time.
PART = 250
# So many ids are named.
NAMED = 3

# Texts, each with an example that has it.
Part = list[tuple[str, str]]


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


def find(batches: Iterable[pa.RecordBatch], few: int = FEW) -> Personal:
    """Look at examples.

    Args:
        batches: ``COLUMNS`` of them, and perhaps others.
        few: more texts than this are shared out over the cores.
    """
    kinds, texts, examples = Counter[str](), 0, set[str]()
    for found in processes.mapped(look, _parts(batches), len, few):
        for example, counts in found:
            kinds.update(counts)
            texts += 1
            examples.add(example)
    return Personal(dict(sorted(kinds.items())), texts, tuple(sorted(examples)[:NAMED]))


def look(part: Part) -> list[tuple[str, dict[str, int]]]:
    """Which of these texts have something, by kind, each with its example."""
    return [(example, counts) for example, text in part if (counts := pii.counts(text))]


def shares(kinds: dict[str, int]) -> Iterator[str]:
    """The kinds in words."""
    return (f"{count} {kind}" for kind, count in sorted(kinds.items()))


def _parts(batches: Iterable[pa.RecordBatch]) -> Iterator[Part]:
    waiting: Part = []
    for one in _texts(batches):
        waiting.append(one)
        if len(waiting) == PART:
            yield waiting
            waiting = []
    yield waiting


def _texts(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, str]]:
    seen = set[str]()
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in COLUMNS)
        for example, digest, title, text, summary in zip(*columns, strict=True):
            for key, one in ((digest, text), (title, title)):
                if key is not None and key not in seen:
                    seen.add(key)
                    yield example, one
            yield example, summary
