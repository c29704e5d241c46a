"""The environment of tasks and shells that belong to a stack, and the file `env.sh` that holds it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.credentials import Credentials, write_private
from stack.plan import Plan
from stack.ports import HOST

# Variables of another Spark or another stack, which a shell may still have.
FOREIGN = (
    "AIRFLOW_HOME",
    "NIGHTJAR_SERVICE",
    "PYTHONHOME",
    "SPARK_CONF_DIR",
    "SPARK_CONNECT_MODE_ENABLED",
    "SPARK_HOME",
    "SPARK_REMOTE",
)


def task_variables(plan: Plan, credentials: Credentials) -> dict[str, str]:
    """The variables of a task or a shell that works with this stack: jobs' settings, Airflow's home, Spark's session."""
    session = f"user_id=nightjar;session_id={credentials.spark_session_id}"
    return {
        "NIGHTJAR_HOME": str(plan.state_root),
        "LAKEHOUSE_ROOT": plan.lakehouse_root,
        "LANDING_ROOT": plan.landing_root,
        "USE_CASE_ROOTS": plan.use_case_roots,
        "MLFLOW_TRACKING_URI": plan.mlflow_url,
        # One session for all: a new one costs its Python workers' imports, 5 s a task. The user is part of its name.
        "SPARK_REMOTE": f"sc://{HOST}:{plan.ports.spark_connect}/;{session}",
        # Spark starts its Python workers by this name; the system's python has no pandas.
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        # Without it the web page of a Spark listens on every network address.
        "SPARK_LOCAL_IP": HOST,
        # For the processes that tasks are copied from, which load XGBoost before a job begins: see jobs/__main__.py.
        "OMP_WAIT_POLICY": "PASSIVE",
        "AIRFLOW_HOME": str(plan.airflow_home),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


def environment(plan: Plan, credentials: Credentials, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` made into the whole environment of a process that works with this stack."""
    kept = {key: value for key, value in base.items() if key not in FOREIGN}
    binaries = str(Path(sys.prefix) / "bin")
    path = [part for part in kept.get("PATH", os.defpath).split(os.pathsep) if part and part != binaries]
    return kept | task_variables(plan, credentials) | {"PATH": os.pathsep.join([binaries, *path])}


def write_env_file(plan: Plan, credentials: Credentials) -> None:
    """Write `env.sh`: sourced, it activates the environment and points every command at this stack."""
    lines = [
        "# Made by `make up`. Source it: airflow, python -m jobs and python -m lakehouse then use this stack.",
        f". {shlex.quote(str(Path(sys.prefix) / 'bin' / 'activate'))}",
    ]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in task_variables(plan, credentials).items()]
    write_private(plan.env_file, "\n".join(lines) + "\n")
