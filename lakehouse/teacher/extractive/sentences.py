"""A text in its sentences. Rules, no model: a full stop after an abbreviation ends a sentence too."""

from __future__ import annotations

import re

# After a closing mark, and quotes or brackets that belong to it, before a space; scripts without spaces need none.
_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？｡])[」』”’）]*\s*|\s*\n\s*\n\s*")  # noqa: RUF001
_LETTER = re.compile(r"[^\W\d_]")
_SPACE = re.compile(r"\s+")
# Sentences are compared each with each; of a longer text the first so many are.
MOST = 1000
# A line without an end, such as a table or code, is cut.
LONGEST = 1000


def sentences(text: str) -> list[str]:
    """The first ``MOST`` sentences that have a letter, each on one line, in their order."""
    found: list[str] = []
    at = 0
    for match in _END.finditer(text):
        _add(found, text[at : match.start()] + match.group().strip())
        at = match.end()
        if len(found) >= MOST:
            return found[:MOST]
    _add(found, text[at:])
    return found[:MOST]


def _add(found: list[str], part: str) -> None:
    line = _SPACE.sub(" ", part).strip()[:LONGEST]
    if _LETTER.search(line):
        found.append(line)
