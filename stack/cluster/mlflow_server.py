"""Becomes MLflow's server with its own accounts, by TLS.

What `mlflow server --app-name basic-auth` starts and then waits for, with 250 MB of its own; the host's variables are what it hands
over.
"""

from __future__ import annotations

import os
from pathlib import Path

from stack.cluster.host import HOME, PAIR
from stack.credentials import write_private

ACCOUNTS_FILE = f"{HOME}/accounts.ini"
# A password that was right is not computed anew for so long: each time takes a tenth of a second of a core.
REMEMBERED_SECONDS = 60
PORT = 5000
APP = "mlflow.server.auth:create_app"


def accounts_file(uri: str) -> str:
    """What MLflow reads about its accounts: who has no permission of a thing has none.

    Args:
        uri: of their database, with its password.
    """
    # A percent sign is the file's own.
    address = uri.replace("%", "%%")
    lines = [
        "[mlflow]",
        "default_permission = NO_PERMISSIONS",
        f"database_uri = {address}",
        "authorization_function = stack.cluster.mlflow_guard:authenticate",
        f"auth_cache_ttl_seconds = {REMEMBERED_SECONDS}",
    ]
    return "\n".join(lines) + "\n"


def command(host: str, port: int, pair: str) -> list[str]:
    """What is run: the server at an address, by TLS with the key and certificate of a file."""
    where = ["--host", host, "--port", str(port), "--ssl-certfile", pair, "--ssl-keyfile", pair]
    # A client that keeps its connection open does not keep the server from ending.
    where += ["--timeout-graceful-shutdown", "5"]
    return ["uvicorn", *where, "--log-level", "warning", "--factory", APP]


def main() -> None:
    """Write, and become the server."""
    write_private(Path(ACCOUNTS_FILE), accounts_file(os.environ.pop("MLFLOW_ACCOUNTS_URI")))
    os.environ["MLFLOW_AUTH_CONFIG_PATH"] = ACCOUNTS_FILE
    arguments = command("0.0.0.0", PORT, PAIR)
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main()
