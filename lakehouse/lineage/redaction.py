"""Taking secrets out of what is told to others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lakehouse import masking
from lakehouse.masking import STARS

# A login in an address: postgresql://ann:s3cret@host/db. The greedy part takes an @ of a password too.
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s?#'\"<>]*@")
# Assignments in messages of drivers, and options of addresses: password=..., 'token': '...'.
_NAMED = re.compile(
    r"(?P<name>(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credential|authorization)[\w-]*['\"]?\s*[=:]\s*)"
    r"(?:Bearer\s+|Basic\s+)?(?:'[^']*'|\"[^\"]*\"|[^\s,;&'\"}]+)",
    re.IGNORECASE,
)


def redacted(value: Any) -> Any:
    """The value, with all that mappings and lists have, without logins in addresses, named passwords and the environment's own.

    Others read it: stricter than `lakehouse.masking`, of a login the user goes too.
    """
    if isinstance(value, str):
        return _NAMED.sub(rf"\g<name>{STARS}", _LOGIN.sub(rf"\g<scheme>{STARS}@", masking.mask(value)))
    if isinstance(value, Mapping):
        return {name: redacted(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one) for one in value]
    return value
