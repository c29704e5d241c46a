"""JSON and text without what is erased: the id of a document, or the values of a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from jobs.erase.subject import TELLING, Part, Subject
from lakehouse.evaluation import category_codes

INSTEAD = "(erased)"
# A number of so many digits is no count of rows.
LONG_NUMBER = 7


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


def of_subject(text: str, subject: Subject) -> str:
    """A text, prose or JSON, with a word in place of each value of a subject; only if it has all of them.

    Texts are looked for as words. A number is part of too much: it is looked for beside the name of its column, in quotes, and,
    where it is long, as a word.
    """
    if not all(re.search(_expression(part, subject), text) for part in subject.parts):
        return text
    for part in subject.parts:
        text = re.sub(
            _expression(part, subject), lambda found: found[0][: found.start("id") - found.start()] + INSTEAD, text
        )
    return text


def reason(text: str, subjects: Iterable[Subject]) -> str:
    """What a person gave as reason, without the values."""
    for one in subjects:
        text = of_subject(text, one)
    return text


def _expression(part: Part, subject: Subject) -> str:
    # What monitoring says of a long one is shortened.
    forms = dict.fromkeys((*part.forms, category_codes.shown(part.text)))
    value = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True) if form)
    plain = part.column.type in ("string", "timestamp", "date") or len(part.text.strip("-+.")) >= LONG_NUMBER
    short = not subject.telling or (
        part.column.type == "string" and len(part.text) < TELLING and len(subject.parts) == 1
    )
    beside = rf"(?:\b{re.escape(part.name)}\W{{1,4}}|['\"])"
    before = beside if short or not plain else rf"(?:{beside}|(?<![\w-]))"
    return rf"{before}(?P<id>{value})(?![\w-])"


def _about(value: Any, document: str) -> bool:
    return value == document or (isinstance(value, dict) and value.get("document_id") == document)
