"""How an MLflow is reached that asks for a login, by the variables of its own clients."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def login() -> tuple[str, str] | None:
    """User and password of an MLflow that asks for them, where MLflow's own clients look; None unless there are both.

    Those are two variables, and for each that is not set a file in the home folder.
    """
    kept = _kept(Path("~/.mlflow/credentials").expanduser())
    names = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
    user, password = (os.environ.get(name) or kept.get(name.lower()) for name in names)
    return (user, password) if user and password else None


def token() -> str | None:
    """The token of an MLflow that asks for one; MLflow's own clients send it where there is no user with a password."""
    return os.environ.get("MLFLOW_TRACKING_TOKEN") or None


def authority() -> str | None:
    """The file of the certificates by which MLflow is known, by the variable of its own clients; None: as `requests` has it."""
    return os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None


def _kept(file: Path) -> Mapping[str, str]:
    if not file.is_file():
        return {}
    import configparser

    content = configparser.ConfigParser(interpolation=None)
    content.read(file)
    return content["mlflow"] if content.has_section("mlflow") else {}
