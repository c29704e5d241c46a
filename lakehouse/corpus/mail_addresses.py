"""E-mail addresses in a text, also those written with (at)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse.corpus.found import Span

# A local part has at most 64 characters, a label of a domain 63.
LONGEST = 64
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"@(?:{_LABEL}\.){{1,8}}(?P<last>[^\W\d_]{{2,24}})(?![\w-])")
_BRACKETED_AT = re.compile(r"[\[({]\s?at\s?[\])}]", re.IGNORECASE)
_BRACKETED_DOMAIN = re.compile(
    rf" ?{_LABEL}(?: ?(?:\.|[\[({{]\s?(?:dot|punkt)\s?[\])}}]) ?{_LABEL}){{0,6}}"
    r" ?(?:\.|[\[({]\s?(?:dot|punkt)\s?[\])}]) ?[^\W\d_]{2,24}(?![\w-])",
    re.IGNORECASE,
)
_BESIDE_LETTERS = frozenset("_.%+'-")
# A file such as logo@2x.png is no address, and git@host is how one logs in.
_FILES = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "bmp", "css", "js", "mjs", "ts", "json", "html", "htm", "md", "txt", "map",
     "woff", "zip", "gz")
)  # fmt: skip


def spans(text: str) -> Iterator[Span]:
    """Where addresses stand."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at)
        if domain is not None and domain["last"].lower() not in _FILES:
            start = _begins(text, at)
            if start < at and text[start:at] != "git":
                yield start, domain.end()
        at = text.find("@", at + 1)
    for sign in _BRACKETED_AT.finditer(text):
        end = sign.start() - (text[sign.start() - 1 : sign.start()] == " ")
        start = _begins(text, end)
        domain = _BRACKETED_DOMAIN.match(text, sign.end())
        if start < end and domain is not None:
            yield start, domain.end()


def _begins(text: str, end: int) -> int:
    """Where the local part that ends at ``end`` begins; ``end`` when there is none."""
    start = end
    while start > 0 and end - start < LONGEST and (text[start - 1].isalnum() or text[start - 1] in _BESIDE_LETTERS):
        start -= 1
    while start < end and text[start] in ".'":
        start += 1
    return start
