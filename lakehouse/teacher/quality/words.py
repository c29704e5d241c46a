"""The words of a text, as its checks count them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# Scripts without spaces: each of their signs is a word.
_ALONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+")


# Each answer about a document asks for the same of it; a few texts are held.
FEW = 16


@lru_cache(maxsize=FEW)
def words(text: str) -> tuple[str, ...]:
    """Letters and digits in a row, in Unicode's compatible form and without case."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def runs(found: Sequence[str], length: int) -> frozenset[tuple[str, ...]]:
    """The different runs of so many words."""
    return _runs(tuple(found), length)


@lru_cache(maxsize=FEW)
def _runs(found: tuple[str, ...], length: int) -> frozenset[tuple[str, ...]]:
    return frozenset(found[at : at + length] for at in range(len(found) - length + 1))
