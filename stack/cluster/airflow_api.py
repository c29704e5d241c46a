"""Becomes Airflow's API server: writes the password of its one user, from the environment, into the file that Airflow reads."""

from __future__ import annotations

import json
import os
from pathlib import Path

from stack.cluster.airflow import PASSWORDS, USER
from stack.credentials import write_private


def main() -> None:
    """Write, and become the server."""
    write_private(Path(PASSWORDS), json.dumps({USER: os.environ.pop("AIRFLOW_ADMIN_PASSWORD")}) + "\n")
    os.execvp("airflow", ["airflow", "api-server", "--host", "0.0.0.0", "--port", "8080"])


if __name__ == "__main__":
    main()
