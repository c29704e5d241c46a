"""What a person asks of a score: a day, a role and the key, as the fields of a form, typed as the declaration types them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from lakehouse.analyst import keys
from lakehouse.declaration import Column, UseCase
from lakehouse.errors import BadArguments
from lakehouse.models import registry
from lakehouse.tables import entity_columns

DAY, ROLE, PREFIX = "day", "role", "key_"
ROLES = (registry.CHAMPION, registry.CHALLENGER)
# Of a text that is no answer, so much comes back in the field; longer ones are refused unread.
LONGEST = 500

_KINDS = {"date": "date"}
_MODES = {"int": "numeric", "long": "numeric", "double": "decimal"}


@dataclass(frozen=True)
class Field:
    """A field of the form.

    Attributes:
        name: of the parameter.
        label: the column.
        hint: what is expected, in words.
        kind: of HTML's input.
        mode: of a phone's keyboard.
        options: to choose from; none where anything may be typed.
        text: what stands in it.
        wrong: whether it is what the problem is about.
    """

    name: str
    label: str
    hint: str
    kind: str
    mode: str
    options: tuple[str, ...]
    text: str
    wrong: bool = False


@dataclass(frozen=True)
class Asked:
    """What was typed, and what it means.

    Attributes:
        fields: of the key.
        day_text, role: what was typed.
        day: None where none was asked for, or what was typed is none.
        key: typed values by column, of the fields that are filled.
        problem: what is wrong, in a sentence; empty where nothing is.
        empty: whether nothing was asked yet.
    """

    fields: tuple[Field, ...]
    day_text: str
    role: str
    day: dt.date | None
    key: Mapping[str, Any]
    problem: str
    empty: bool


def read(use_case: UseCase, parameters: Mapping[str, str]) -> Asked:
    """From the parameters of an address; whatever they hold, this answers."""
    columns = entity_columns(use_case)
    texts = {column.name: parameters.get(f"{PREFIX}{column.name}", "") for column in columns}
    day_text, role = parameters.get(DAY, ""), parameters.get(ROLE, "")
    fields = tuple(_field(column, texts[column.name]) for column in columns)
    empty = not day_text and not any(texts.values())
    asked = Asked(fields, day_text[:LONGEST], role if role in ROLES else "", None, {}, "", empty)
    if empty:
        return asked
    if any(len(text) > LONGEST for text in (day_text, role, *texts.values())):
        return replace(asked, problem=f"A field holds more than {LONGEST} characters.")
    if role and role not in ROLES:
        return replace(asked, problem=f"Role: expected {' or '.join(ROLES)}.")
    key: dict[str, Any] = {}
    for column in columns:
        if not (text := texts[column.name]):
            continue
        try:
            key[column.name] = keys.typed(column, text)
        except BadArguments as error:
            marked = tuple(replace(one, wrong=one.label == column.name) for one in fields)
            return replace(asked, fields=marked, problem=f"{_sentence(str(error))}")
    day = day_of(day_text)
    if day is None:
        return replace(
            asked, problem=f"Day: expected a day as YYYY-MM-DD, found {keys.shown(day_text) if day_text else 'none'}."
        )
    if not key:
        return replace(asked, day=day, problem=f"Expected a value of {' or '.join(texts)}, found none.")
    return replace(asked, day=day, key=key)


def day_of(text: str) -> dt.date | None:
    """The day that is written as YYYY-MM-DD; None where it is none."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def query(use_case: UseCase, key: Mapping[str, Any], day: dt.date, role: str = "") -> str:
    """The part of an address that asks for that score."""
    typed: Iterable[tuple[str, str]] = (
        (f"{PREFIX}{name}", written(key[name])) for name in use_case.entity.key if name in key
    )
    return urlencode([(DAY, str(day)), *typed, *([(ROLE, role)] if role else [])])


def written(value: Any) -> str:
    """A value of a key as `keys.typed` reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _field(column: Column, text: str) -> Field:
    options = column.allowed or (("true", "false") if column.type == "boolean" else ())
    hint = column.description or keys.EXPECTED[column.type]
    return Field(
        name=f"{PREFIX}{column.name}",
        label=column.name,
        hint=hint,
        kind=_KINDS.get(column.type, "text"),
        mode=_MODES.get(column.type, "text"),
        options=tuple(options),
        text=text[:LONGEST],
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
