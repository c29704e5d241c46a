"""A backup of the whole platform, as tests take it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from lakehouse.backup import taking
from lakehouse.backup.covered import Covered

NOW = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)


def take(root: Path, name: str = "backups", now: dt.datetime = NOW) -> taking.Taken:
    return taking.take(Covered.by_settings(), str(root / name), now)
