"""Options of the command line, declared with the fields that they fill: a stage's arguments are a dataclass, its parser follows.

A field with ``metadata=option(...)`` is an option ``--field-name``, required when the field has no default. A field without
it is not on the command line: another stage sets it.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import re
from typing import Any

# The longest text that goes into the event tables.
LONGEST_TEXT = 1000


def option(help: str, **settings: Any) -> dict[str, Any]:
    """The metadata of a field that is an option; ``settings`` are those of ``ArgumentParser.add_argument``, and ``flag``: its name
    where that is no field's.
    """
    return {"option": {"help": help, **settings}}


def switch(help: str) -> dict[str, Any]:
    """The metadata of a field that is an option without a value; the field's default is False."""
    return option(help, action="store_true")


def add_to(parser: argparse.ArgumentParser, arguments: type[Any]) -> None:
    """Add the options of the dataclass ``arguments`` to a parser."""
    for field in dataclasses.fields(arguments):
        if settings := field.metadata.get("option"):
            keywords: dict[str, Any] = dict(settings)
            if field.default is dataclasses.MISSING:
                keywords["required"] = True
            elif "action" not in keywords:
                # The dataclass has it. argparse would read a text as if it had been typed, and refuse an empty reason.
                keywords["default"] = argparse.SUPPRESS
            flag = keywords.pop("flag", f"--{field.name.replace('_', '-')}")
            parser.add_argument(flag, dest=field.name, **keywords)


def day(text: str) -> dt.date:
    """A day written ``YYYY-MM-DD``."""
    try:
        parsed = dt.date.fromisoformat(text)
        if parsed.isoformat() != text:
            raise ValueError
        return parsed
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day as YYYY-MM-DD, found {text!r}") from None


def model_version(text: str) -> int:
    """The number of a registered version."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a model version such as 3, found {text!r}")
    return int(text)


def group_version(text: str) -> int:
    """The version of a feature group."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a group's version such as 2, found {text!r}")
    return int(text)


def row_count(text: str) -> int:
    """A number of rows, 1 at least."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of rows such as 1000, found {text!r}")
    return int(text)


def run_id(text: str) -> str:
    """The id of an MLflow run, checked since it becomes a part of addresses and paths."""
    if not (text.isascii() and text.isalnum() and len(text) == 32):
        raise argparse.ArgumentTypeError(f"expected a run's id of 32 letters and digits, found {text!r}")
    return text


def words(text: str) -> str:
    """A name or a reason that a person writes: it goes into logs and into the event tables."""
    if not text.strip() or len(text) > LONGEST_TEXT or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"expected 1 to {LONGEST_TEXT} printable characters on one line, found {len(text)}: {text[:50]!r}"
        )
    return text.strip()
