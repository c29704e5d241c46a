"""Importing Arrow without pandas, which is a third of what a job without pandas imports."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _NotNow(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not imported by Arrow's first array", name=name)


def import_alone() -> None:
    """Import Arrow, and let it look for pandas only when something asks for a frame.

    Arrow imports pandas when it makes its first array of Python's values, to know pandas' own values by sight. Where it has not
    found pandas, it looks again when a table is to become a frame. So this is for a process that makes no Arrow of pandas'
    frames before: these would be read value by value. Where pandas is imported already, nothing changes.
    """
    if "pandas" in sys.modules:
        return
    finder = _NotNow()
    sys.meta_path.insert(0, finder)
    try:
        import pyarrow as pa
        import pyarrow.dataset

        pa.array([0])
    finally:
        sys.meta_path.remove(finder)
