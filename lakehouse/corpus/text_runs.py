"""The runs of many texts, in as many processes as there are cores where there are many."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from lakehouse import processes
from lakehouse.corpus import shingles
from lakehouse.corpus.shingles import Hashes, Rows


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
    """The same for parts of a long row of texts, in their order."""
    return processes.mapped(partial(of_texts, ngram=ngram), parts, len)
