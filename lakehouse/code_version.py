"""Which version of the code ran: the release, and a digest of the files that make the difference."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache

from lakehouse.settings import PROJECT_ROOT

RELEASE = "0.2.0"


@lru_cache
def digest(*folders: str) -> str:
    """Digest of all Python files under these folders of the project: 12 hexadecimal digits."""
    content = hashlib.sha256()
    for folder in folders:
        for name in sorted(_modules(folder), key=lambda name: name.split(os.sep)):
            content.update(name.encode() + b"\0")
            with open(f"{PROJECT_ROOT}/{name}", "rb", buffering=0) as file:
                content.update(file.read() + b"\0")
    return content.hexdigest()[:12]


def _modules(folder: str) -> Iterator[str]:
    """The Python files under a folder, by their paths from the project's root; as text, for every process asks."""
    for place, _, files in os.walk(PROJECT_ROOT / folder):
        within = os.path.relpath(place, PROJECT_ROOT)
        yield from (f"{within}{os.sep}{name}" for name in files if name.endswith(".py"))


def version() -> str:
    """The version that goes into scores and runs, such as ``0.2.0+3f2a9c1b7d20``: equal code gives equal versions."""
    return f"{RELEASE}+{digest('jobs', 'lakehouse')}"
