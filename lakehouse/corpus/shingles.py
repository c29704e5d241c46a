"""Runs of words of a text, as numbers: what texts are compared by.

A text is brought to Unicode's compatibility form and folded case, and cut into words: runs of letters, digits and marks.
Characters of scripts that are written without spaces between words are words of their own. Every run of ``ngram`` words becomes
a number of 64 bits. A text with fewer words is one run of all of them; a text without any word is one run of its signs; an empty
text has no run.

The numbers are made by arithmetic on code points alone: they are the same in every process, on every machine, in every release.
"""

import base64
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
# Numbers of texts and runs, and counts.
Rows = NDArray[np.signedinteger[Any]]

SIGNATURE_HASHES = 64

_PLACE = 0x9E3779B97F4A7C15
_RUN = 0xD1342543DE82EF95
_LENGTH = 0xA0761D6478BD642F
_PLACES = 256
_SPACE, _LETTER, _ALONE, _IGNORED, _UNKNOWN = 0, 1, 2, 3, 255
WITHOUT_SPACES = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "BOPOMOFO",
    "YI ",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
    "TAI ",
    "NEW TAI",
    "BALINESE",
    "JAVANESE",
)
_ZERO_WIDTH_SPACE = 0x200B


def hashes(text: str, ngram: int) -> Hashes:
    """The runs of ``ngram`` words of a text as numbers, sorted, each once."""
    points = _points(text)
    words = _words(points, _kinds(points))
    return _each_once(_runs(words if len(words) else _signs(points), ngram))


def whole(text: str) -> int:
    """All words of a text, in their order, as one number; 0 where it has no run."""
    points = _points(text)
    words = _words(points, _kinds(points))
    words = words if len(words) else _signs(points)
    return int(_mixed((words * _powers(len(words))).sum(keepdims=True))[0]) if len(words) else 0


def signature(text: str, ngram: int) -> str:
    """The 64 least of a text's hashes, as text (base64), which ``least`` reads; fewer where it has fewer, empty without any."""
    return written(hashes(text, ngram))


def written(sorted_hashes: Hashes) -> str:
    """The signature that sorted hashes have."""
    return base64.b64encode(sorted_hashes[:SIGNATURE_HASHES].astype(">u8").tobytes()).decode("ascii")


def least(signature: str) -> Hashes:
    """The hashes that a signature holds, sorted."""
    return np.frombuffer(base64.b64decode(signature, validate=True), ">u8").astype(np.uint64)


def _points(text: str) -> NDArray[np.uint32]:
    """The code points of the normalised text."""
    folded = (
        text.lower()
        if text.isascii()
        else unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    )
    return np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)


def _kinds(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    kinds = _KINDS[points]
    unknown = kinds == _UNKNOWN
    if unknown.any():
        for point in np.unique(points[unknown]):
            _KINDS[point] = _kind(int(point))
        kinds = _KINDS[points]
    return kinds


def _kind(point: int) -> int:
    """What a character is to words: a part of one, one by itself, nothing at all, or what stands between them."""
    category = unicodedata.category(chr(point))
    if category == "Cf" and point != _ZERO_WIDTH_SPACE:
        return _IGNORED
    if category[0] not in "LNM":
        return _SPACE
    return _ALONE if unicodedata.name(chr(point), "").startswith(WITHOUT_SPACES) else _LETTER


def _words(points: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> Hashes:
    """One number a word, in the order of the text."""
    if (kinds == _IGNORED).any():
        points, kinds = points[kinds != _IGNORED], kinds[kinds != _IGNORED]
    before = np.concatenate([np.zeros(1, np.uint8), kinds[:-1]]) if len(kinds) else kinds
    starts = (kinds == _ALONE) | ((kinds == _LETTER) & (before != _LETTER))
    kept = kinds != _SPACE
    return _numbers(points[kept], np.flatnonzero(starts[kept]))


def _signs(points: NDArray[np.uint32]) -> Hashes:
    """All signs of a text without words as one word; none where there are only spaces."""
    signs = np.array([point for point in points.tolist() if not chr(point).isspace()], np.uint32)
    return _numbers(signs, np.zeros(min(1, len(signs)), np.intp))


def _numbers(points: NDArray[np.uint32], starts: NDArray[np.intp]) -> Hashes:
    """One number for each stretch of code points between two starts: the sum of the mixed points, each times its place's power."""
    if not len(starts):
        return np.zeros(0, np.uint64)
    lengths = np.diff(np.append(starts, len(points)))
    places = np.arange(len(points)) - np.repeat(starts, lengths)
    powers = _POWERS if lengths.max() <= _PLACES else _powers(int(lengths.max()))
    sums = np.add.reduceat(_mixed(points.astype(np.uint64)) * powers[places], starts)
    return _mixed(sums + lengths.astype(np.uint64) * np.uint64(_LENGTH))


def _runs(words: Hashes, ngram: int) -> Hashes:
    width = min(ngram, len(words))
    if not width:
        return words
    runs = np.zeros(len(words) - width + 1, np.uint64)
    for place in range(width):
        runs = runs * np.uint64(_RUN) + words[place : place + len(runs)]
    return _mixed(runs + np.uint64(width))


def _mixed(numbers: Hashes) -> Hashes:
    """Numbers spread over all 64 bits (the last steps of SplitMix64), so that the least of them are a fair sample."""
    mixed = numbers + np.uint64(_PLACE)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _each_once(numbers: Hashes) -> Hashes:
    """Sorted, each once: of so few numbers quicker than by numpy's table of hashes."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _powers(count: int) -> Hashes:
    return np.cumprod(np.full(count, _PLACE, np.uint64), dtype=np.uint64)


_POWERS = _powers(_PLACES)
_KINDS = np.full(0x110000, _UNKNOWN, np.uint8)
