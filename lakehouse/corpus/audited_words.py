"""The words of texts as the audit of leaks reads them: the same words as `lakehouse.corpus.shingles` knows, by other code.

The audit must not believe what the split was made by. So it cuts texts by Python's own text functions, character by character, and
makes other numbers of the words.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.corpus.shingles import WITHOUT_SPACES

# The vocabulary of a language fits in; a corpus of codes and numbers does not.
WORDS_KNOWN = 1_000_000
# One number for each word of a run, of which all but the least share no pattern.
_WEIGHTS = np.random.Generator(np.random.PCG64(20)).integers(2**63, 2**64, 64, np.uint64) | np.uint64(1)


@dataclass(frozen=True)
class Part:
    """Texts and answers as they come."""

    texts: list[str]
    answers: list[str]


@dataclass(frozen=True)
class Read:
    """What is compared of them.

    Attributes:
        runs: of each text the numbers of its runs, one after the other, each once.
        lengths: how many runs each text has.
        texts: a digest of each text's words.
        answers: likewise.
    """

    runs: NDArray[np.uint64]
    lengths: NDArray[np.int64]
    texts: list[bytes]
    answers: list[bytes]


class _Characters(dict[int, str]):
    """What stands for a character in a text of which only the words are left, with spaces between them."""

    def __missing__(self, point: int) -> str:
        sign = chr(point)
        kind = unicodedata.category(sign)
        if kind == "Cf" and sign != "\u200b":
            made = ""
        elif kind[0] not in ("L", "N", "M"):
            made = " "
        else:
            made = f" {sign} " if unicodedata.name(sign, "").startswith(WITHOUT_SPACES) else sign
        self[point] = made
        return made


class _Numbers(dict[str, int]):
    """A number for each word."""

    def __missing__(self, word: str) -> int:
        if len(self) >= WORDS_KNOWN:
            self.clear()
        digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
        made = self[word] = int.from_bytes(digest[:8], "big")
        return made


_CHARACTERS, _NUMBERS = _Characters(), _Numbers()


def words(text: str) -> list[str]:
    """The words of a text; all its signs as one where it has no word."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.translate(_CHARACTERS).split() or ["".join(folded.split())] * bool(folded.strip())


def read(part: Part, ngram: int) -> Read:
    """What is compared of these texts and answers."""
    found, digests = [], []
    for text in part.texts:
        own = words(text)
        found.append(_runs(own, ngram))
        digests.append(_digest(own))
    lengths = np.array([len(runs) for runs in found], np.int64)
    runs = np.concatenate([np.zeros(0, np.uint64), *found])
    return Read(runs, lengths, digests, [_digest(words(answer)) for answer in part.answers])


def _digest(found: Sequence[str]) -> bytes:
    return hashlib.sha256(" ".join(found).encode("utf-8", "surrogatepass")).digest()


def _runs(found: Sequence[str], ngram: int) -> NDArray[np.uint64]:
    width = min(ngram, len(found))
    if not width:
        return np.zeros(0, np.uint64)
    numbers = np.array([_NUMBERS[word] for word in found], np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, width)
    runs: NDArray[np.uint64] = np.sort((windows * _WEIGHTS[:width]).sum(axis=1, dtype=np.uint64) + _WEIGHTS[-width])
    once: NDArray[np.uint64] = runs[np.append(True, runs[1:] != runs[:-1])]
    return once
