"""Fingerprints: short digests of what a row was made from, by which a rerun knows that nothing has changed."""

from __future__ import annotations

import hashlib

# A column read from the log's statistics must be at most 32 characters long.
LENGTH = 16


def digest(*parts: object) -> str:
    """The fingerprint of the parts' texts, in their order."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:LENGTH]
