"""The words of a text, as its checks count them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Scripts without spaces: each of their signs is a word.
_ALONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+")


def words(text: str) -> list[str]:
    """Letters and digits in a row, in Unicode's compatible form and without case."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def runs(found: Sequence[str], length: int) -> set[tuple[str, ...]]:
    """The different runs of so many words."""
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}
