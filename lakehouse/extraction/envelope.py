"""The first and the last line of an extracted file: which query it answers, and how many documents it must have.

Neither is a document and neither counts as a delivered row. A document can't be taken for one: they are looked for in
the first line, and in the last only when the first is there. Light, because Spark's Python workers import it.
"""

from __future__ import annotations

import json

FIRST, LAST = "$extraction", "$extracted"


def header(origin: str) -> str:
    """The first line, without its line end; ``origin`` is the query window in words, for the ledger."""
    return json.dumps({FIRST: {"origin": origin}}, ensure_ascii=False)


def trailer(documents: int) -> str:
    """The last line, without its line end."""
    return json.dumps({LAST: {"documents": documents}})


def origin(line: str) -> str | None:
    """The query window that a first line names; None when it is no header."""
    found = _field(line, FIRST, "origin")
    return found if isinstance(found, str) else None


def documents(line: str) -> int | None:
    """The number of documents that a last line names; None when it is no trailer."""
    found = _field(line, LAST, "documents")
    return found if isinstance(found, int) else None


def _field(line: str, section: str, name: str) -> object:
    # Most lines are documents, some of them megabytes: only what looks like an envelope is parsed.
    if not line.startswith(f'{{"{section}"'):
        return None
    try:
        content = json.loads(line)[section]
    except ValueError:
        return None
    return content.get(name) if isinstance(content, dict) else None
