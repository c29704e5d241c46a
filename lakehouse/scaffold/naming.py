"""Names of the platform's own form from whatever a delivery calls its columns and files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

from lakehouse.declaration import reserved_names

LONGEST = 40
# Letters that have no plain letter within them.
_LETTERS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "æ": "ae",
        "ø": "oe",
        "å": "a",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
    }
)
_SIGNS = {"%": " percent ", "€": " euro ", "$": " dollar ", "#": " number ", "&": " and ", "+": " plus "}
# No column takes a name that the platform may need beside it, now or as a feature.
_TAKEN = reserved_names.OF_SOURCES | reserved_names.OF_USE_CASES | {reserved_names.ALL}
# Words that YAML reads as truths and nothing.
_YAML = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def clean(text: str, otherwise: str) -> str:
    """A name as declarations have them (``[a-z][a-z0-9_]*``, at most 40 characters); ``otherwise`` where nothing is left.

    Words are parted at blanks, signs and capitals; letters with marks lose them. What begins with a digit, or with the prefix of
    slices, gets ``c_`` before it; what the platform calls columns of its own, and words of YAML's, ``_given`` behind it.
    """
    words = text
    for sign, word in _SIGNS.items():
        words = words.replace(sign, word)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z])", "_", words)
    plain = unicodedata.normalize("NFKD", words.lower().translate(_LETTERS))
    name = re.sub(r"[^a-z0-9]+", "_", "".join(sign for sign in plain if not unicodedata.combining(sign))).strip("_")
    name = name[:LONGEST].strip("_") or otherwise
    if name[0].isdigit() or name.startswith(reserved_names.SLICE):
        name = f"c_{name}"
    return f"{name}_given" if name in _TAKEN | _YAML else name


def unique(wanted: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where it is taken."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def of_columns(delivered: Iterable[str]) -> dict[str, str]:
    """A name for each delivered column, all different, in their order."""
    names: dict[str, str] = {}
    for number, text in enumerate(delivered, 1):
        names[text] = unique(clean(text, f"column_{number}"), names.values())
    return names


def different(header: Iterable[str]) -> list[str]:
    """A file's column names, all different and none empty: what lands has to be read without a doubt."""
    names: list[str] = []
    for number, text in enumerate(header, 1):
        wanted = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ufeff\ud800-\udfff\u2028\u2029\"]", " ", text).split())[:200]
        name, again = wanted or f"unnamed {number}", 1
        while name in names:
            again += 1
            name = f"{wanted} ({again})" if wanted else f"unnamed {number} ({again})"
        names.append(name)
    return names
