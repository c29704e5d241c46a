"""The databases of MLflow and Airflow: copied while they are used, and given their new place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from lakehouse.backup.covered import sqlite_file
from lakehouse.errors import BackupIncomplete

SQLITE, POSTGRESQL, NONE = "sqlite", "postgresql", "none"
SECONDS = 3600

# What an address may say of the connection, as pg_dump is told of it.
_OPTIONS = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}

# Where MLflow's records have the place of artifacts, as table and column.
_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def copy(name: str, address: str, to: Path) -> str:
    """Copy a database as it is at one instant; which kind it is.

    Args:
        name: for people, such as ``mlflow``.
        address: of SQLAlchemy's form.
        to: the file that it is copied to: of SQLite a database, of PostgreSQL a dump.

    Raises:
        BackupIncomplete: when it is damaged, does not answer, or is of another kind.
    """
    file = sqlite_file(address)
    if file is not None:
        return _copy_sqlite(name, file, to)
    scheme = urlsplit(address).scheme.partition("+")[0]
    if scheme in ("postgresql", "postgres"):
        _dump(name, address, to)
        return POSTGRESQL
    raise BackupIncomplete(
        f"{name}: expected a database of SQLite or PostgreSQL, found {scheme}://...; copy it by its own tools"
    )


def move_artifacts(file: Path, old: str, new: str) -> int:
    """Have MLflow's records in an SQLite file name a new place of its artifacts; the number of records changed.

    What a server serves itself (``mlflow-artifacts:/``) names no place, and stays.
    """
    changed = 0
    with closing(sqlite3.connect(file)) as connection, connection:
        present = {table: _columns(connection, table) for table, _ in _PLACES}
        for table, column in _PLACES:
            if column not in present[table]:
                continue
            for before, after in _spellings(old, new):
                # The place itself or what lies below it, and not one whose name only begins alike.
                found = connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                    f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (after, len(before) + 1, before, len(before) + 1, f"{before}/"),
                )
                changed += found.rowcount
    return changed


def _spellings(old: str, new: str) -> list[tuple[str, str]]:
    if "://" in old:
        return [(old, new if "://" in new else f"file://{new}")]
    to = new if "://" in new else f"file://{new}"
    return [(f"file://{old}", to), (f"file:{old}", to), (old, new)]


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _copy_sqlite(name: str, file: Path, to: Path) -> str:
    if not file.is_file():
        return NONE
    try:
        # Read only: a copy must not make a database, nor change the one that there is.
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target, pages=-1)
            # A file alone, without the log that is written ahead beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            found = [row[0] for row in target.execute("PRAGMA quick_check")]
    except sqlite3.Error as error:
        raise BackupIncomplete(
            f"{name}: expected a database in {file}, found {error}; nothing of it was copied"
        ) from error
    if found != ["ok"]:
        raise BackupIncomplete(
            f"{name}: expected a whole database in {file}, found {found[0]}; restore it from an earlier backup"
        )
    return SQLITE


def _dump(name: str, address: str, to: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupIncomplete(
            f"{name}: its database is PostgreSQL, which is copied by pg_dump, and there is none here; install PostgreSQL's "
            "client programs "
            "of its release or a newer one"
        )
    # The password is given in the environment: any user of a machine reads the arguments of its processes.
    parts = urlsplit(address)
    environment = {
        "PATH": os.defpath,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": "prefer",
    } | {_OPTIONS[key]: value for key, value in parse_qsl(parts.query) if key in _OPTIONS}
    command = [program, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BackupIncomplete(
            f"{name}: expected pg_dump to copy the database at {parts.hostname} within {SECONDS} s, found it still at work; run "
            "the same command again, or copy it by its own tools"
        ) from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BackupIncomplete(f"{name}: expected pg_dump to copy the database at {parts.hostname}, found: {said}")
