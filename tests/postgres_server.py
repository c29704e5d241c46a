"""A real PostgreSQL on loopback, in a fresh folder: Debian's package `postgresql`, or any other that is on the PATH."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

DATABASE = "test"
USER = "nightjar"
# With signs that an address has to encode.
PASSWORD = "s3cret/@:é"
QUOTED = "s3cret%2F%40%3A%C3%A9"
START_SECONDS = 60

# A server that lives for minutes and whose machine may forget it.
SETTINGS = {
    "fsync": "off",
    # On: a server that is killed keeps what it said it had, by the system, that goes on.
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
}


def programs() -> Path:
    """The folder of PostgreSQL's programs; skips the test where there is none."""
    for folder in (
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *map(Path, os.get_exec_path()),
    ):
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    pytest.skip("needs PostgreSQL's initdb and postgres: Debian's package postgresql, or another on the PATH")


class Postgres:
    """One server. It can be stopped, killed and started again, with the same data under the same address."""

    def __init__(self, folder: Path) -> None:
        """Make its data and start it."""
        self._programs = folder
        # PostgreSQL's socket and lock live where its user may write, which pytest's own folders are not.
        self._home = Path(tempfile.mkdtemp(prefix="nightjar-postgres-"))
        self._data = self._home / "data"
        self._user = _user()
        if self._user is not None:
            self._home.chmod(0o700)
            shutil.chown(self._home, self._user)
        secret = self._home / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._user is not None:
            shutil.chown(secret, self._user)
        command = [
            *("--pgdata", self._data, "--username", USER, "--pwfile", secret, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ]
        made = self._run("initdb", *map(str, command))
        if made.returncode:
            raise AssertionError(f"initdb failed:\n{made.stderr}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        with contextlib.closing(self._connect("postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'CREATE DATABASE "{DATABASE}"')

    @property
    def url(self) -> str:
        """The address of the database for SQLAlchemy."""
        return f"postgresql://{USER}:{QUOTED}@127.0.0.1:{self.port}/{DATABASE}"

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement by itself and return its rows, if it has any."""
        with contextlib.closing(self._connect(DATABASE)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Be there, unless it is; wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        # Of a server that was killed.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        log = (self._home / "log").open("ab")
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, "-p", str(self.port), "-k", self._home, *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self._home,
            start_new_session=True,
            **self._as_user(),
        )
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connect("postgres").close()
                return
            except psycopg2.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = (self._home / "log").read_text(errors="replace")[-2000:]
                    raise AssertionError(f"PostgreSQL did not come up:\n{said}") from error
                time.sleep(0.05)

    def lose(self) -> None:
        """Go away at once, in the middle of whatever is being done; what was not committed is gone."""
        self._end(signal.SIGQUIT)

    def clear(self) -> None:
        """Drop all that the database has."""
        for (schema,) in self.query(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ):
            self.query(f'DROP SCHEMA "{schema}" CASCADE')
        self.query("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")

    def close(self) -> None:
        """End it and remove its data."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._home, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=START_SECONDS)
            self._process = None

    def _connect(self, database: str) -> Any:
        return psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, connect_timeout=10
        )

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._programs / program, *arguments], capture_output=True, text=True, cwd=self._home, **self._as_user()
        )

    def _as_user(self) -> dict[str, Any]:
        return {} if self._user is None else {"user": self._user, "group": self._group(), "extra_groups": []}

    def _group(self) -> int:
        assert self._user is not None
        return pwd.getpwnam(self._user).pw_gid


def _user() -> str | None:
    """Whose process it is: PostgreSQL refuses to run as root. None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)
