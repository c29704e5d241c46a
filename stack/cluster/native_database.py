"""Becomes PostgreSQL as Debian packages it, as the image's entry point would: makes its data the first time, and is not root."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

from stack.cluster.host import PAIR
from stack.errors import StackError

USER = "postgres"


def programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        StackError: when there is none.
    """
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.get_exec_path())]
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise StackError("PostgreSQL is not installed: expected initdb and postgres (Debian: apt install postgresql)")


def main(flags: list[str]) -> None:
    """Make the data if there is none, and become the server."""
    binaries, data = programs(), Path(os.environ["PGDATA"])
    entry = pwd.getpwnam(USER)
    data.mkdir(parents=True, exist_ok=True)
    os.chown(data, entry.pw_uid, entry.pw_gid)
    data.chmod(0o700)
    # As the image's key is its user's.
    os.chown(PAIR, entry.pw_uid, entry.pw_gid)
    password = os.environ.pop("POSTGRES_PASSWORD")
    os.initgroups(USER, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.chdir(data)
    if not (data / "PG_VERSION").exists():
        _make(binaries, data, password)
    # Of a server that was killed: the number may be another process's by now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    os.execv(binaries / "postgres", ["postgres", "-D", str(data), "-k", "/tmp", *flags])


def _make(binaries: Path, data: Path, password: str) -> None:
    with tempfile.NamedTemporaryFile("w") as secret:
        secret.write(password)
        secret.flush()
        command = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            os.environ["POSTGRES_USER"],
            "--pwfile",
            secret.name,
        ]
        options = [*os.environ["POSTGRES_INITDB_ARGS"].split(), "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run([*command, *options], check=True)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("\nhostssl all all all scram-sha-256\n")


if __name__ == "__main__":
    main(sys.argv[1:])
