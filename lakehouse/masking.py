"""Secrets taken out of texts that are kept or shown: log lines, error lines, the reasons in event tables.

Each connection's own errors show no secret already. This is for what nobody thought of: a library's message, a traceback.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
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
# The same of a mapping that is printed, in Python or as JSON: 'sasl.password': 'abc'.
_ENTRY = re.compile(
    r"(?P<before>(?P<q>['\"])[\w.-]*(?:password|passwd|passphrase|pwd|secret|token|authorization|private[_.-]?key|api[_-]?key|access[_-]?key)"
    r"(?P=q)\s*[:,]\s*b?(?P<w>['\"]))(?:\\.|(?!(?P=w)).)+",
    re.I,
)
_HEADER = re.compile(r"(?P<before>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}")
# What an entry of a connection is called that is a secret: sasl.password, private_key, ssl.key.pem; and what such a name has at
# its end where it only says where or how.
_SECRET = re.compile(
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|signature|\bsig\b|\.pem$|connection_?string|"
    r"(?:api|access|account|private|shared|encryption)[._-]?key",
    re.I,
)
_ABOUT = re.compile(r"(?:location|file|path|url|uri|endpoint|id|name|type|method|expiry|timeout|seconds|ms)$", re.I)
# Entries of a connection's extra that are no secret, however they are called.
_OPEN = frozenset({"true", "false", "none", "null", "require", "disable", "prefer", "verify-full", "plain", "sasl_ssl"})


def mask(text: str) -> str:
    """``text`` with stars for the passwords in its addresses, and for every secret that the environment has."""
    for secret in known():
        if secret in text:
            text = text.replace(secret, STARS)
    for pattern in (_LOGIN, _NAMED, _ENTRY, _HEADER):
        text = pattern.sub(rf"\g<before>{STARS}", text)
    return text


class MaskingFormatter(logging.Formatter):
    """Formats a record as ever, its traceback too, and masks the whole."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines."""
        return mask(super().format(record))


def known() -> tuple[str, ...]:
    """The secrets of the environment, in the forms in which texts write them, the longest first."""
    return _known(tuple(secret_variables.values()))


@lru_cache(maxsize=4)
def _known(values: tuple[str, ...]) -> tuple[str, ...]:
    secrets = {secret for value in values for secret in _of_value(value)}
    told = {secret for secret in secrets if len(secret) >= LEAST and secret.lower() not in _OPEN}
    return tuple(sorted({form for secret in told for form in _forms(secret)}, key=lambda form: (-len(form), form)))


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as addresses, JSON, Python, HTML and headers write it."""
    yield secret
    for quoted in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield from (quoted, quote(quoted, safe=""), re.sub("%..", lambda found: found[0].lower(), quoted))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], repr(secret.encode())[2:-1])
    import html

    escaped = html.escape(secret)
    yield from (
        escaped,
        html.escape(secret, quote=False),
        escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    )
    for encoded in (base64.b64encode(secret.encode()), base64.urlsafe_b64encode(secret.encode())):
        # Without what fills up its end, which some leave out.
        yield encoded.decode().rstrip("=")


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
            # As a header has both.
            yield f"{unquote(parts.username or '')}:{unquote(parts.password)}"
        for name, entry in parse_qsl(parts.query):
            yield from _of_entry(name, entry)


def _of_json(found: Any) -> Iterator[str]:
    if not isinstance(found, Mapping):
        return
    for name, value in found.items():
        yield from _of_entry(str(name), value)
    if found.get("login") and isinstance(found.get("password"), str):
        yield f"{found['login']}:{found['password']}"


def _of_entry(name: str, value: Any) -> Iterator[str]:
    """An entry of a connection: what it has in it where it is itself a mapping, also as text, as Airflow writes ``extra``."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, Mapping):
        yield from _of_json(value)
    elif isinstance(value, str) and _SECRET.search(name) and not _ABOUT.search(name):
        yield value
