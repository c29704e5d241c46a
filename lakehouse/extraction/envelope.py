"""The first and the last line of an extracted file: its query window, and its number of documents.

They are no documents and do not count as delivered rows. No document passes for one: they are read from the first line, and
from the last one only when the first is a header. Spark's Python workers import this module, so its imports are light.
"""

from __future__ import annotations

import json

FIRST, LAST = "$extraction", "$extracted"
# Characters of a first line: a window of a topic has two offsets for each of its partitions, and a document may be megabytes.
LONGEST = 100_000


def header(origin: str) -> str:
    """The first line, without its line end; ``origin`` is the query window in words, for the ledger."""
    return json.dumps({FIRST: {"origin": origin}}, ensure_ascii=False)


def trailer(documents: int) -> str:
    """The last line, without its line end."""
    return json.dumps({LAST: {"documents": documents}})


def origin(line: str) -> str | None:
    """The query window that a first line names; None when it is no header."""
    window = _field(line, FIRST, "origin")
    return window if isinstance(window, str) else None


def documents(line: str) -> int | None:
    """The number of documents that a last line names; None when it is no trailer."""
    count = _field(line, LAST, "documents")
    return count if isinstance(count, int) else None


def _field(line: str, section: str, name: str) -> object:
    # Most lines are documents, some of them megabytes long: only what begins like an envelope is parsed.
    if not line.startswith(f'{{"{section}"'):
        return None
    try:
        content = json.loads(line)[section]
    except ValueError:
        return None
    return content.get(name) if isinstance(content, dict) else None
