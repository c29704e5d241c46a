"""Internet addresses that may be a person's: public ones, not those of a private network, of this machine or of documentation."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from lakehouse.corpus.found import Span

# What may not stand before is asked behind the first sign: so the search goes from digit to digit, which is five times faster.
_V4 = re.compile(r"[0-9](?<![\w.-][0-9])[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![\w-]|\.[0-9])")
# Public addresses begin with 2 or 3.
_V6 = re.compile(r"[23](?<![\w:.][23])[0-9a-fA-F]{3}:[0-9a-fA-F:]{2,34}(?![\w:])")
# What stands before a version, such as numpy==1.26.4.2 or Agent/120.0.99.1 (but not ://).
_VERSION = re.compile(
    r"(?:[=~<>^]\s?|(?<!/)/|\b(?:v|ver|version|release|section|chapter|build)\b[.:]?\s?)$", re.IGNORECASE
)
BEFORE = 12


def spans(text: str) -> Iterator[Span]:
    """Where public addresses of versions 4 and 6 stand.

    Four numbers below ten are taken for a version or a section (and the few such addresses are no person's).
    """
    for match in _V4.finditer(text):
        if not _version_before(text, match.start()) and _of_a_person(match[0]):
            yield match.span()
    for match in _V6.finditer(text):
        if _of_a_person(match[0]):
            yield match.span()


def _version_before(text: str, start: int) -> bool:
    return _VERSION.search(text[max(0, start - BEFORE) : start]) is not None


def _of_a_person(address: str) -> bool:
    if len(address) == len("1.2.3.4"):
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_global and not found.is_multicast
