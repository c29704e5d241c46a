"""The SQLite databases of a stack: created or upgraded before the services that need them start."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import psutil

from stack import processes
from stack.errors import StackError
from stack.plan import Plan
from stack.services import log_file

MIGRATION = "airflow-database"


def migrate(plan: Plan, environ: Mapping[str, str], seconds: float) -> None:
    """Create or upgrade Airflow's metadata database, if this release has not done so already.

    Raises:
        StackError: Airflow failed, or did not finish in so many seconds.
    """
    marker = plan.airflow_home / "migrated"
    if marker.exists() and marker.read_text() == version("apache-airflow"):
        return
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    process = processes.start(MIGRATION, command, environ, plan.state_root, log_file(plan, MIGRATION))
    try:
        code = process.wait(timeout=seconds)
    except psutil.TimeoutExpired:
        code = None
    if code != 0:
        raise StackError(f"Airflow's database could not be created: see {log_file(plan, MIGRATION)}")
    marker.write_text(version("apache-airflow"))


def write_ahead(*files: Path) -> None:
    """Let these databases be read during a write; the setting stays in the file."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=60)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
