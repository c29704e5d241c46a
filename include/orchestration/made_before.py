"""Whether all DAGs were made before, from the very same files: then they need not be made again to see that they can be.

Only that they could be made is noted. What can't be is made again, and told again, each time.
"""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

from lakehouse import settings

NOTE = "dags_made"
CODE = ("include/orchestration", "lakehouse")


def digest(folder: Path) -> str:
    """Of what decides whether the DAG files in ``folder`` can make their DAGs: their code, and every use case's folder."""
    seen = hashlib.sha256(f"{sys.version} {version('apache-airflow')}".encode())
    code = [file for name in CODE for file in (settings.PROJECT_ROOT / name).rglob("*.py")]
    roots = settings.load().use_case_roots
    of_use_cases = [file for root in roots for kind in ("yaml", "py") for file in root.glob(f"*/*.{kind}")]
    for file in sorted({*folder.glob("*.py"), *code, *of_use_cases}):
        seen.update(f"\n{file}\n".encode())
        seen.update(file.read_bytes())
    return seen.hexdigest()


def noted(seen: str) -> bool:
    """Whether all DAGs are known to be made from files with this digest."""
    try:
        return _note().read_text() == seen
    except OSError:
        return False


def note(seen: str) -> None:
    """Note that from files with this digest all DAGs were made."""
    try:
        _note().parent.mkdir(parents=True, exist_ok=True)
        _note().write_text(seen)
    except OSError:
        return  # A place that can't be written to: the next time they are all made again.


def _note() -> Path:
    return settings.load().state_root / NOTE
