"""The language of a text, by py3langid, whose model is in its wheel: the same text gives the same answer everywhere."""

from __future__ import annotations

from functools import cache
from typing import Any

# So much of a text decides. More takes more time, of which this is the larger part of a document's, and is not known better.
CHARACTERS = 2_000
# The model counts in single precision, and a share's last digits depend on the processor.
DIGITS = 4


def detect(text: str) -> tuple[str, float]:
    """The language of a text, and how sure that is.

    Args:
        text: any; of a long one its beginning decides.

    Returns:
        The code as ISO 639-1 has it, such as ``en``, with three letters for a language that has none there; and its normalised
        probability from 0 to 1. A text without a letter has none: ``("", 0.0)``.
    """
    beginning = text[:CHARACTERS]
    if not any(character.isalpha() for character in beginning):
        return "", 0.0
    code, share = _identifier().classify(beginning)
    return str(code), round(min(1.0, float(share)), DIGITS)


@cache
def _identifier() -> Any:
    """The model, loaded once in a process (half a second)."""
    from py3langid import langid

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
