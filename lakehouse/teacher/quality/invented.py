"""What an answer says that its document does not: numbers and names.

Numbers are compared by value, whatever separates their thousands and decimals; written out in words they are not read. Names are
words with a capital inside a sentence, and words of capitals or with a capital inside: a language that gives all nouns a capital
has many, and a script without capitals none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from lakehouse.teacher.quality.words import FEW, words

_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f\u2009 ]\d+)*")  # noqa: RUF001
_GROUPS = re.compile(r"\d{1,3}([.,'’\u00a0\u202f\u2009 ])\d{3}(?:\1\d{3})*(?:[.,](\d+))?")  # noqa: RUF001
_SPACES = re.compile(r"[\u00a0\u202f\u2009 ]")
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|(?<=\w)['’](?=[^\W\d_]{2,}))*")  # noqa: RUF001
# What ends a sentence, begins a line or an item, or opens a quotation: the word after it may have a capital for that alone.
_START = re.compile(r"(?:^|[.!?…:;。！？]|\n|[\"“”«»„(\[*#>|-])[\s\"'“”«»„(\[*_#>|-]*$")  # noqa: RUF001


def new_numbers(answer: str, document: str) -> list[str]:
    """The numbers of the answer, as written, that the document has in no way of writing them; each once, in order."""
    known = _all_values(document)
    found = [written for written in _numbers(answer) if not known.intersection(_values(written))]
    return list(dict.fromkeys(found))


def new_names(answer: str, document: str) -> list[str]:
    """The names of the answer whose words the document does not have; each once, in order."""
    known = set(words(document))
    found = [name for name in _names(answer) if not all(_known(word, known) for word in words(name))]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=FEW)
def _all_values(document: str) -> frozenset[Decimal | str]:
    return frozenset(value for written in _numbers(document) for value in _values(written))


def _numbers(text: str) -> Iterator[str]:
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        written = match.group()
        # Spaces separate thousands, and numbers that have nothing to do with each other.
        if _SPACES.search(written) and not _GROUPS.fullmatch(written):
            yield from _SPACES.split(written)
        else:
            yield written


def _values(written: str) -> set[Decimal | str]:
    """Every value that a number may be meant as, and its parts where it is none, as of a date or a version."""
    digits = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in written)
    readings: set[Decimal | str] = set()
    if groups := _GROUPS.fullmatch(digits):
        whole = digits[: groups.start(2) - 1] if groups[2] else digits
        readings.add(_value(re.sub(r"\D", "", whole) + (f".{groups[2]}" if groups[2] else "")))
    parts = re.split(r"\D", digits)
    if len(parts) == 1:
        readings.add(_value(digits))
    elif len(parts) == 2 and re.search(r"[.,]", digits):
        readings.add(_value(".".join(parts)))
    elif not readings:
        readings.add(digits)
    return readings


def _value(digits: str) -> Decimal:
    return Decimal(digits).normalize()


def _names(answer: str) -> Iterator[str]:
    text = unicodedata.normalize("NFKC", answer)
    for match in _WORD.finditer(text):
        word = match.group()
        inside = any(char.isupper() for char in word[1:])
        if inside or (
            word[0].isupper() and len(word) > 1 and not _START.search(text[max(0, match.start() - 40) : match.start()])
        ):
            yield word


def _known(word: str, known: set[str]) -> bool:
    """Whether the document has the word, in the singular or the plural."""
    return word in known or word.removesuffix("s") in known or f"{word}s" in known
