"""The SQLite databases of a stack: created or upgraded before the services that need them start."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import psutil

from lakehouse.settings import PROJECT_ROOT
from stack import processes
from stack.airflow_config import USER
from stack.credentials import Credentials
from stack.errors import StackError
from stack.plan import FAB, Plan
from stack.services import log_file

MIGRATION = "airflow-database"


def migrate(plan: Plan, environ: Mapping[str, str], seconds: float) -> None:
    """Create or upgrade Airflow's metadata database, if this release has not done so already.

    Raises:
        StackError: Airflow failed, or did not finish in so many seconds.
    """
    marker = plan.airflow_home / "migrated"
    # A provider's tables are among them.
    made_by = " ".join(version(package) for package in ("apache-airflow", "apache-airflow-providers-fab"))
    if marker.exists() and marker.read_text() == made_by:
        return
    _run(plan, [sys.executable, "-m", "airflow", "db", "migrate"], environ, seconds)
    marker.write_text(made_by)


def give_roles(plan: Plan, credentials: Credentials, environ: Mapping[str, str], seconds: float) -> None:
    """Make the roles, and the user with all rights, where Airflow lets people in by roles; repeated, it changes nothing.

    Raises:
        StackError: Airflow failed, or did not finish in so many seconds.
    """
    if plan.auth == FAB:
        password = {"AIRFLOW_ADMIN_PASSWORD": credentials.admin_password}
        command = [sys.executable, "-m", "include.orchestration.apply_access", "--admin", USER]
        _run(plan, command, {**environ, **password, "PYTHONPATH": str(PROJECT_ROOT)}, seconds)


def _run(plan: Plan, command: list[str], environ: Mapping[str, str], seconds: float) -> None:
    process = processes.start(MIGRATION, command, environ, plan.state_root, log_file(plan, MIGRATION))
    try:
        code = process.wait(timeout=seconds)
    except psutil.TimeoutExpired:
        code = None
    if code != 0:
        raise StackError(f"Airflow's database could not be made ready: see {log_file(plan, MIGRATION)}")


def write_ahead(*files: Path) -> None:
    """Let these databases be read during a write; the setting stays in the file."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=60)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
