"""The mark that an answer gives: a number from 0 to 1, written so that nobody can take it for anything else."""

from __future__ import annotations

import json
import re
from typing import Any

# Written out, without a sign: 8, 8/10, 80% and 0,8 are no marks, since another scale may be meant.
_NUMBER = re.compile(r"(?:0(?:\.[0-9]+)?|1(?:\.0+)?|\.[0-9]+)")
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*)\n[ \t]*```", re.DOTALL | re.IGNORECASE)
# Longer than any mark with its reason.
LONGEST = 100_000


def of(answer: str) -> float | None:
    """The mark that an answer gives, from 0 to 1; None where it gives none.

    It gives one when all of it is a number, such as ``0.8``, or a JSON object whose ``score`` is such a number; either may stand
    between the lines of a Markdown fence. With anything beside it it is none: a mark that has to be looked for is a guess.
    """
    text = answer.strip()
    if len(text) > LONGEST:
        return None
    if fenced := _FENCE.fullmatch(text):
        text = fenced[1].strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return _score(found.get("score")) if isinstance(found, dict) else None


def _score(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # Zero has no sign.
    return abs(float(value)) if number and 0 <= value <= 1 else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
