"""Which DAG files could make the DAGs of all that is declared: then these need not be made again to see that they can be.

Each file notes it for itself when it has made them. Only that they could be made is noted. What can't be is made again, and told
again, each time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from lakehouse import code_version, settings
from lakehouse.declaration.declaration import Declaration

NOTES = "made_dags"

# Looked at when it is imported: a process makes DAGs by what it has imported, whatever is changed meanwhile.
# That of lakehouse is known from the declarations: two digests read nothing twice.
_DIGESTS = (code_version.digest("include/orchestration"), code_version.digest("lakehouse"))
CODE = f"{sys.version} {version('apache-airflow')} {' '.join(_DIGESTS)}"


def noted(file: Path, found: Iterable[Declaration]) -> bool:
    """Whether the DAG file is known to make the DAGs of all that is right among those found."""
    try:
        return _note(file).read_text() == _digest(file, found)
    except OSError:
        return False


def note(file: Path, found: Iterable[Declaration]) -> None:
    """Note that the DAG file has made the DAGs of all that is right among those found."""
    digest, place = _digest(file, found), _note(file)
    try:
        if place.is_file() and place.read_text() == digest:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(digest)
    except OSError:
        return  # A place that can't be written to: the next time they are all made again.


def _note(file: Path) -> Path:
    return settings.load().state_root / NOTES / file.stem


def _digest(file: Path, found: Iterable[Declaration]) -> str:
    """Of what decides whether the file can make its DAGs: the code, and what the declarations say."""
    seen = hashlib.sha256(f"{CODE}\n{file.absolute()}\n".encode())
    seen.update(file.read_bytes())
    for item in found:
        if item.error is None:
            seen.update(f"\n{item.file}\n".encode() + item.said)
    return seen.hexdigest()
