"""The addresses of databases and services, by the names of their connections."""

from __future__ import annotations

import os


def variable(name: str) -> str:
    """The variable that has the address of the connection ``name``: for ``Warehouse`` it is NIGHTJAR_CONNECTION_WAREHOUSE."""
    return f"NIGHTJAR_CONNECTION_{name.upper()}"


def address(name: str) -> str | None:
    """The address of a database, as the environment has it for the connection ``name``; None when it has none.

    It may hold a password, and so is no setting that is kept: it is read when it is used.
    """
    return os.environ.get(variable(name)) or None


def airflow_variable(name: str) -> str:
    """The variable in which Airflow itself looks for the connection ``name``."""
    return f"AIRFLOW_CONN_{name.upper()}"


def in_airflow(name: str) -> str | None:
    """The connection ``name`` as the environment has it in Airflow's own form; None when it has none. It may hold a password."""
    return os.environ.get(airflow_variable(name)) or None
