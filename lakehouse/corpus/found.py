"""A place in a text where something was found."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """What kind of thing stands in ``text[start:end]``."""

    kind: str
    start: int
    end: int


# From where to where, as ``text[start:end]``.
Span = tuple[int, int]
