"""Lakehouses that take a while to make, made once: each test begins with a copy of its own, at the very path of the first.

A table's log, the ledger and the books of targets say where they lie, so that a copy elsewhere would be another one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
# What the shipped use case reads.
SHIPPED_SOURCES = ("flight_outcomes", "flight_schedule", "planes", "weather")


def empty(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty lakehouse, landing zone and state folder under ``root``, and the tests' own use cases beside the one that ships."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(root / "warehouse"))
    monkeypatch.setenv("LANDING_ROOT", str(root / "landing"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(root / "state"))
    # Only the one that ships: tests pass also where use cases are added to include/, the bakery among them.
    shipped = root / "use_cases"
    (shipped / "sources").mkdir(parents=True)
    for folder in ("flight_delays", *(f"sources/{name}" for name in SHIPPED_SOURCES)):
        (shipped / folder).symlink_to(TESTS.parent / "include" / folder)
    monkeypatch.setenv("USE_CASE_ROOTS", os.pathsep.join([str(shipped), str(TESTS / "use_cases")]))


class KeptPlaces:
    """One path that tests use one after the other, and what it once held, by name."""

    def __init__(self, folder: Path) -> None:
        """Both under ``folder``."""
        self._around, self._kept = folder / "place", folder / "kept"
        self.root = self._around / "root"

    def empty(self, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The path without anything of an earlier test; the environment says that the lakehouse is there."""
        shutil.rmtree(self._around, ignore_errors=True)
        self.root.mkdir(parents=True)
        empty(self.root, monkeypatch)
        return self.root

    def lay_out(self, name: str, make: Callable[[], object]) -> None:
        """Have there what ``make`` makes of the path: by itself the first time, as a copy of that from then on."""
        kept = self._kept / name
        if kept.exists():
            shutil.rmtree(self.root)
            shutil.copytree(kept, self.root, symlinks=True)
            return
        make()
        shutil.copytree(self.root, kept, symlinks=True)
