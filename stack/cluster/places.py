"""Where the project stands on a host: what its variables and commands call ``PROJECT`` and ``PYTHON``."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from lakehouse.settings import PROJECT_ROOT
from stack.cluster.host import HOME

IN_IMAGE = "/opt/nightjar"

# Of a container.
IMAGE: Mapping[str, str] = {
    "PROJECT": IN_IMAGE,
    "PYTHON": f"{IN_IMAGE}/.venv/bin/python",
    # The folders that belong to the services' own users in images that are not ours.
    "DATABASE_FOLDER": "/var/lib/postgresql/data",
    "MONGO_ADDRESS": "nightjar:$MONGO_PASSWORD@mongo:27017",
}


def native() -> dict[str, str]:
    """Of a host on this machine, which sees the project and its environment where they are. Its MongoDB knows no users."""
    return {
        "PROJECT": str(PROJECT_ROOT),
        "PYTHON": sys.executable,
        "DATABASE_FOLDER": f"{HOME}/data",
        "MONGO_ADDRESS": "mongo:27017",
    }
