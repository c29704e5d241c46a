"""Which version of the code ran: the release, and a digest of the files that make the difference."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from lakehouse import settings
from lakehouse.settings import PROJECT_ROOT

RELEASE = "0.2.0"
# Where the last digest is kept, in NIGHTJAR_HOME.
KEPT = "code_version"
# A file that was written a moment ago may be written again by the same tick of the file system's clock.
SETTLED_NS = 2_000_000_000


@lru_cache
def digest(*folders: str) -> str:
    """Digest of all Python files under these folders of the project: 12 hexadecimal digits."""
    content = hashlib.sha256()
    for folder in folders:
        # As text and not as paths, for many processes ask.
        names = (os.path.relpath(place, PROJECT_ROOT) for place, *_ in _listed(folder))
        for name in sorted(names, key=lambda name: name.split(os.sep)):
            content.update(name.encode() + b"\0")
            with open(f"{PROJECT_ROOT}/{name}", "rb", buffering=0) as file:
                content.update(file.read() + b"\0")
    return content.hexdigest()[:12]


def signature(*folders: str) -> str:
    """What changes with every write to a Python file under these folders, by the files' sizes and times: nothing is read.

    The time of a file's last change can't be set, as that of its last writing can. So this is a better sign than the one by which
    Python knows that what it has compiled is still the file's.
    """
    return _signature(*folders)[0]


def version() -> str:
    """The version that goes into scores and runs, such as ``0.2.0+3f2a9c1b7d20``: equal code gives equal versions."""
    return f"{RELEASE}+{_kept_digest('jobs', 'lakehouse')}"


@lru_cache
def _kept_digest(*folders: str) -> str:
    """The digest; not made again while the files are those that it was made of."""
    now, newest = _signature(*folders)
    place = settings.load().state_root / KEPT
    with suppress(OSError, ValueError):
        of, made = place.read_text(encoding="ascii").split()
        if of == now and place.stat().st_uid == os.getuid():
            return made
    made = digest(*folders)
    if time.time_ns() - newest > SETTLED_NS:
        _keep(place, f"{now} {made}\n")
    return made


def _keep(place: Path, text: str) -> None:
    # A place that can't be written to: every process reads the files.
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(prefix=f"{KEPT}.", dir=place.parent)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(written, place)


def _signature(*folders: str) -> tuple[str, int]:
    """And when the newest of the files was changed."""
    found = [one for folder in folders for one in _listed(folder)]
    return hashlib.sha256(repr(found).encode()).hexdigest(), max((changed for *_, changed in found), default=0)


# Looked at once: a process runs what it has imported, whatever is written afterwards.
@lru_cache
def _listed(folder: str) -> list[tuple[str, int, int, int]]:
    return sorted(_files(str(PROJECT_ROOT / folder)))


def _files(folder: str) -> Iterator[tuple[str, int, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                seen = entry.stat()
                yield entry.path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _files(entry.path)
