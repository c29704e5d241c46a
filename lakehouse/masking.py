"""Secrets taken out of texts that are kept or shown: log lines, error lines, the reasons in event tables.

Each connection's own errors show no secret already. This is for what nobody thought of: a library's message, a traceback.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from lakehouse.settings import secret_variables

STARS = "***"
# Shorter ones occur in any text.
LEAST = 5
# scheme://user:password@host; the last @ before the path ends it.
_LOGIN = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^\s/@:'\"]*:)[^\s/'\"]+(?=@)", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<before>(?:[?&;]|\b)[\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|signature|sig)=)[^\s&;'\",)]+",
    re.I,
)
_HEADER = re.compile(r"(?P<before>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}")
# Entries of a connection's extra that are no secret, however they are called.
_OPEN = frozenset({"true", "false", "none", "null", "require", "disable", "prefer", "verify-full", "plain", "sasl_ssl"})


def mask(text: str) -> str:
    """``text`` with stars for the passwords in its addresses, and for every secret that the environment has."""
    for secret in sorted(set(known()), key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, STARS)
    for pattern in (_LOGIN, _NAMED, _HEADER):
        text = pattern.sub(rf"\g<before>{STARS}", text)
    return text


class MaskingFormatter(logging.Formatter):
    """Formats a record as ever, its traceback too, and masks the whole."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines."""
        return mask(super().format(record))


def known() -> Iterator[str]:
    """The secrets of the environment, in the forms in which addresses write them."""
    for value in secret_variables.values():
        for secret in _of_value(value):
            if len(secret) >= LEAST and secret.lower() not in _OPEN:
                yield from {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}


def _of_value(value: str) -> Iterator[str]:
    """The secret parts of a variable: of an address or a JSON connection its password and what says of itself that it is one."""
    if value.lstrip().startswith("{"):
        with suppress(ValueError):
            yield from _of_json(json.loads(value))
        return
    if "://" not in value:
        yield value
        return
    with suppress(ValueError):
        parts = urlsplit(value.strip())
        if parts.password:
            yield from (parts.password, unquote(parts.password))
        yield from (secret for name, secret in parse_qsl(parts.query) if _NAMED.match(f"{name}=x"))


def _of_json(found: Any) -> Iterator[str]:
    if not isinstance(found, Mapping):
        return
    for name, value in found.items():
        if name == "extra" and isinstance(value, str):
            with suppress(ValueError):
                yield from _of_json(json.loads(value))
        elif isinstance(value, Mapping):
            yield from _of_json(value)
        elif isinstance(value, str) and (name == "password" or _NAMED.match(f"{name}=x")):
            yield value
