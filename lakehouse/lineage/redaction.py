"""Taking secrets out of what is told to others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse import settings

HIDDEN = "***"
# A login in an address: postgresql://ann:s3cret@host/db. The greedy part takes an @ of a password too.
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s?#'\"<>]*@")
# Assignments in messages of drivers, and options of addresses: password=..., 'token': '...'.
_NAMED = re.compile(
    r"(?P<name>(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credential|authorization)[\w-]*['\"]?\s*[=:]\s*)"
    r"(?:Bearer\s+|Basic\s+)?(?:'[^']*'|\"[^\"]*\"|[^\s,;&'\"}]+)",
    re.IGNORECASE,
)


def redacted(value: Any, secrets: Sequence[str] | None = None) -> Any:
    """The value, with all that mappings and lists have, without logins in addresses, named passwords and the environment's own."""
    known = settings.secrets() if secrets is None else secrets
    if isinstance(value, str):
        return _text(value, known)
    if isinstance(value, Mapping):
        return {name: redacted(one, known) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one, known) for one in value]
    return value


def _text(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _NAMED.sub(rf"\g<name>{HIDDEN}", _LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text))
