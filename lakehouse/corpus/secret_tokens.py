"""Secrets in a text: private keys, the tokens of well-known services, passwords in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse.corpus.found import Span

# The beginning and the end of a private key in PEM or of PGP. Those of certificates and public keys are none.
_MARK = re.compile(r"-----(?P<which>BEGIN|END) [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
# Where there is no end: what can belong to a key.
_KEY_LINES = re.compile(r"(?:\s{0,4}[A-Za-z0-9+/=:, -]{1,200}(?=\n|$)){1,200}")

# What tokens begin with: few texts have any of it.
_BEGINNING = re.compile(
    r"A(?:KIA|SIA|BIA|CCA)|gh[opusr]_|github_pat_|glpat-|sk[-_]|rk_|hf_|xox|AIza|ya29|pypi-|npm_|SG\.|eyJ"
)
# By the shapes that the services document. Each needs a digit, unlike a name that begins alike.
_TOKENS = re.compile(
    r"(?<![\w-])(?:"
    r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}|"
    r"gh[opusr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}|glpat-[\w-]{20,100}|"
    r"sk-[\w-]{20,200}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}|"
    r"hf_[A-Za-z0-9]{30,60}|"
    r"xox[abeoprs]-[A-Za-z0-9-]{10,250}|"
    r"AIza[\w-]{35}|ya29\.[\w-]{20,250}|"
    r"pypi-AgE[\w-]{50,250}|npm_[A-Za-z0-9]{36}|"
    r"SG\.[\w-]{16,32}\.[\w-]{16,64}|"
    r"eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}"
    r")(?![\w-])"
)
_NAMED = re.compile(
    r"(?i:aws_secret_access_key)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"
)
# scheme://name:password@host
_IN_ADDRESS = re.compile(r"(?<=://)[^\s:/@<>{}$*\[\]]{0,64}:(?P<secret>[^\s:/@<>{}$*\[\]]{1,128})@")
# What stands for a password where none is shown.
_PLACEHOLDERS = frozenset(
    ("pass", "passwd", "password", "pwd", "secret", "token", "key", "apikey", "api_key", "user", "username", "name", "changeme",
     "xxx")
)  # fmt: skip


def spans(text: str) -> Iterator[Span]:
    """Where secrets stand."""
    yield from _private_keys(text)
    for match in _TOKENS.finditer(text) if _BEGINNING.search(text) else ():
        if any(sign.isdigit() for sign in match[0]):
            yield match.span()
    for match in _NAMED.finditer(text) if "ccess" in text or "CCESS" in text else ():
        yield match.span("secret")
    if "://" in text:
        for match in _IN_ADDRESS.finditer(text):
            if match["secret"].lower().strip(".-_") not in _PLACEHOLDERS:
                yield match.span("secret")


def _private_keys(text: str) -> Iterator[Span]:
    if "PRIVATE KEY" not in text:
        return
    begun: re.Match[str] | None = None
    for mark in _MARK.finditer(text):
        if mark["which"] == "END" and begun is not None:
            yield begun.start(), mark.end()
            begun = None
        elif mark["which"] == "BEGIN":
            if begun is not None:
                yield _without_end(text, begun)
            begun = mark
    if begun is not None:
        yield _without_end(text, begun)


def _without_end(text: str, begun: re.Match[str]) -> Span:
    rest = _KEY_LINES.match(text, begun.end())
    return begun.start(), begun.end() if rest is None else rest.end()
