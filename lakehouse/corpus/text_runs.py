"""The runs of many texts, in as many processes as there are cores where there are many."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from lakehouse.corpus import shingles
from lakehouse.corpus.run_sets import Rows
from lakehouse.corpus.shingles import Hashes

# A process takes about half a second to begin, in which one core cuts two thousand texts of 4 kB into runs.
FEW_TEXTS = 4_000


@dataclass(frozen=True)
class TextRuns:
    """The runs of some texts: one after the other, how many each has, and a digest of each one's runs."""

    runs: Hashes
    lengths: Rows
    digests: list[bytes]


def of_texts(texts: Sequence[str], ngram: int) -> TextRuns:
    """The runs of these texts."""
    found = [shingles.hashes(text, ngram) for text in texts]
    lengths = np.array([len(runs) for runs in found], np.int64)
    digests = [hashlib.blake2b(runs.tobytes(), digest_size=16).digest() for runs in found]
    return TextRuns(np.concatenate([np.zeros(0, np.uint64), *found]), lengths, digests)


def of_many(parts: Iterable[Sequence[str]], ngram: int) -> Iterator[TextRuns]:
    """The same for parts of a long row of texts, in their order; few parts are held at a time."""
    coming, first, count = iter(parts), list[Sequence[str]](), 0
    while count <= FEW_TEXTS and (part := next(coming, None)) is not None:
        first.append(part)
        count += len(part)
    if count <= FEW_TEXTS:
        yield from (of_texts(part, ngram) for part in first)
        return
    workers = os.cpu_count() or 1
    waiting = deque[Future[TextRuns]]()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        rest = chain(first, coming)
        waiting.extend(pool.submit(of_texts, part, ngram) for part in islice(rest, 2 * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(of_texts, part, ngram) for part in islice(rest, 1))
