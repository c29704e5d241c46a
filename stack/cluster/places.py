"""Where the project stands on a host: what its variables and commands call ``PROJECT`` and ``PYTHON``."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from lakehouse.settings import PROJECT_ROOT

IN_IMAGE = "/opt/nightjar"

# Of a container.
IMAGE: Mapping[str, str] = {
    "PROJECT": IN_IMAGE,
    "PYTHON": f"{IN_IMAGE}/.venv/bin/python",
    "MONGO_ADDRESS": "nightjar:$MONGO_PASSWORD@mongo:27017",
}


def native() -> dict[str, str]:
    """Of a host on this machine, which sees the project and its environment where they are. Its MongoDB knows no users."""
    return {"PROJECT": str(PROJECT_ROOT), "PYTHON": sys.executable, "MONGO_ADDRESS": "mongo:27017"}
