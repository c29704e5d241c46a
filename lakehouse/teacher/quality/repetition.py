"""How much of a text repeats itself, as a model does that is caught in a circle."""

from __future__ import annotations

from collections.abc import Sequence

# Words in a row, and characters in a row: the latter for scripts without spaces, and for loops within a word.
WORDS, CHARACTERS = 4, 24


def repetition(text: str, found: Sequence[str]) -> float:
    """The share of runs that came before: of four words or of 24 characters, whichever share is greater; from 0 to below 1.

    Args:
        text: the text.
        found: its words.
    """
    whole = "".join(text.casefold().split())
    return max(_again(tuple(found), WORDS), _again(whole, CHARACTERS))


def _again(parts: str | tuple[str, ...], length: int) -> float:
    count = len(parts) - length + 1
    if count < 2:
        return 0.0
    # Slices of a text and of a tuple can be compared as they are: single characters would be taken out of the text one by one.
    different = {parts[at : at + length] for at in range(count)}
    return 1 - len(different) / count
