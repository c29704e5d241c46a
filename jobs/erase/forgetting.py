"""JSON and text without a document's id."""

from __future__ import annotations

import json
import re
from typing import Any

from jobs.erase.subject import TELLING

INSTEAD = "(erased)"


def without(value: Any, document: str) -> Any:
    """A value of JSON without what is about a document: entries of its id, and its id within texts.

    A short id is looked for as an entry alone: it is part of too many words.
    """
    if isinstance(value, dict):
        return {name: without(one, document) for name, one in value.items() if name != document}
    if isinstance(value, list):
        return [without(one, document) for one in value if not _about(one, document)]
    return in_text(value, document) if isinstance(value, str) else value


def in_text(text: str, document: str) -> str:
    """A text with a word in place of the id."""
    if len(document) < TELLING:
        return text
    return re.sub(rf"(?<![\w-]){re.escape(document)}(?![\w-])", lambda _: INSTEAD, text)


def names(text: str, document: str) -> bool:
    """Whether a text of JSON has anything of the document."""
    value = json.loads(text)
    return bool(without(value, document) != value)


def _about(value: Any, document: str) -> bool:
    return value == document or (isinstance(value, dict) and value.get("document_id") == document)
