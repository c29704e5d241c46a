"""Forms of texts: of one as runs of letters, digits and signs; of many, whether all have that of a type."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc


def form(text: str) -> tuple[tuple[str, int], ...]:
    """A text as runs of capitals, small letters, digits and single other signs, each with its length."""
    runs: list[tuple[str, int]] = []
    for match in re.finditer(r"[A-Z]+|[a-z]+|[0-9]+|.", text, re.DOTALL):
        first = match[0][0]
        kind = "A" if "A" <= first <= "Z" else "a" if "a" <= first <= "z" else "0" if "0" <= first <= "9" else first
        runs.append((kind, len(match[0])))
        if len(runs) > 8:
            break
    return tuple(runs)


def all_match(texts: pa.Array, expression: str) -> bool:
    """Whether all of the texts, at least one, match."""
    return pc.all(pc.match_substring_regex(texts, expression)).as_py() is True


def all_read(texts: pa.Array, read: Callable[[str], object]) -> bool:
    """Whether ``read`` takes each of the texts."""
    try:
        for text in texts.to_pylist():
            read(text)
    except (ValueError, OverflowError):
        return False
    return True


def instant(text: str) -> dt.datetime:
    """The instant that a text of that form is; raises ValueError where it is none."""
    # Python reads three or six decimals; those behind the sixth are zeros, by the form.
    six = re.sub(r"[.]([0-9]+)", lambda found: f".{found[1][:6]:0<6}", text)
    found = dt.datetime.fromisoformat(six)
    return found if found.tzinfo is None else found.astimezone(dt.UTC)
