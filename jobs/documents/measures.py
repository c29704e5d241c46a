"""What is measured on a text: the quantities by which Gopher's rules (Rae et al., 2021, table A1) tell a good text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jobs.documents.common_words import COMMON_WORDS
from lakehouse import language

RUN = 5
_BULLETS = ("- ", "* ", "+ ", "\u2022 ", "\u2023 ", "\u25aa ", "\u25e6 ", "\u25cf ", "\u2013 ")
_ELLIPSES = ("...", "…")
_LETTER = re.compile(r"[^\W\d_]")
# Scripts that are written without spaces between words: each character is counted as a word, with the signs behind it.
_ALONE = (
    "\u0e01-\u0eff\u0f00-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff"
    "\ua000-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff"
)
_HAS_ALONE = re.compile(f"[{_ALONE}]")
_WORD = re.compile(rf"[{_ALONE}][^\w\s]*|[^\s{_ALONE}]+")


def words_of(text: str) -> list[str]:
    """What stands between blanks, and each character of a script without blanks."""
    return text.split() if text.isascii() or not _HAS_ALONE.search(text) else _WORD.findall(text)


def measures(text: str) -> dict[str, Any]:
    """The measures of a text that no declaration decides, by the names of the table's columns; of an empty text all are 0.

    Args:
        text: normalised.
    """
    words = words_of(text)
    folded = text.lower().split() if len(words) and text.isascii() else [word.lower() for word in words]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    code, share = language.detect(text)
    return {
        "characters": len(text),
        "words": len(words),
        "language": code,
        "language_share": share,
        "mean_word_length": _share(sum(map(len, words)), len(words)),
        "alphabetic_words": _share(_with_a_letter(words), len(words)),
        "symbols_per_word": _share(text.count("#") + sum(map(text.count, _ELLIPSES)), len(words)),
        "bullet_lines": _share(sum(f"{line} ".startswith(_BULLETS) for line in lines), len(lines)),
        "ellipsis_lines": _share(sum(line.endswith(_ELLIPSES) for line in lines), len(lines)),
        "repeated_lines": _repeated_lines(lines),
        "repeated_ngrams": _repeated_runs(folded),
        "common_words": len(COMMON_WORDS[code].intersection(folded)) if code in COMMON_WORDS else None,
    }


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0


def _with_a_letter(words: Sequence[str]) -> int:
    """How many have one; each different word is looked at once."""
    return sum(often for word, often in Counter(words).items() if word.isalpha() or _LETTER.search(word))


def _repeated_lines(lines: Sequence[str]) -> float:
    """The share of characters in lines that stood before."""
    return 1 - _share(sum(map(len, set(lines))), sum(map(len, lines))) if lines else 0.0


def _repeated_runs(words: Sequence[str]) -> float:
    runs = len(words) - RUN + 1
    if runs < 1:
        return 0.0
    return 1 - len(set(zip(*(words[at : at + runs] for at in range(RUN)), strict=True))) / runs
