"""The secrets of a cluster: their names, and their values from the environment or from a private file."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path

from stack.credentials import write_private

# All are letters, digits, dashes and underscores when they are made here, for some are parts of addresses.
NAMES: Mapping[str, str] = {
    "DATABASE_PASSWORD": "of PostgreSQL's own user, which makes the others; part of no address",
    "AIRFLOW_DATABASE_PASSWORD": "of Airflow's user in PostgreSQL; part of an address: letters and digits",
    "MLFLOW_DATABASE_PASSWORD": "of MLflow's user in PostgreSQL; part of an address: letters and digits",
    "STORE_ACCESS_KEY": "the name of the object store's user",
    "STORE_SECRET_KEY": "of the object store's user",
    "MLFLOW_PASSWORD": "of MLflow's user `nightjar`, who works for the jobs; twelve letters and more",
    "MLFLOW_ADMIN_PASSWORD": "of MLflow's user `admin`, who makes users; twelve letters and more, read when there is none yet",
    "MLFLOW_VIEWER_PASSWORD": "of MLflow's user `viewer`, who may read; twelve letters and more",
    "MLFLOW_SECRET_KEY": "guards the forms of MLflow's page: openssl rand -hex 32",
    "MONGO_PASSWORD": "of MongoDB's user `nightjar`; part of an address: letters and digits",
    "AIRFLOW_ADMIN_PASSWORD": "of Airflow's user `admin`",
    "AIRFLOW_FERNET_KEY": (
        'encrypts connections and variables: python -c "from cryptography.fernet import Fernet; '
        'print(Fernet.generate_key().decode())"'
    ),
    "AIRFLOW_JWT_SECRET": "signs the tokens of Airflow's API: openssl rand -hex 32",
    "AIRFLOW_API_SECRET_KEY": "signs what Airflow's components ask of one another, such as task logs: openssl rand -hex 32",
    "SPARK_SECRET": "by which Spark's processes know one another: openssl rand -hex 32",
    "SPARK_SESSION_ID": "the one Spark session that all tasks share; a UUID",
}


def load_or_make(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The value of each: from the environment, else from the file under ``root``, which is made where there is none."""
    file = root / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    chosen = {name: environ.get(name) or kept.get(name) or _made(name) for name in NAMES}
    if chosen != kept:
        write_private(file, json.dumps(chosen, indent=2) + "\n")
    return chosen


def _made(name: str) -> str:
    if name == "SPARK_SESSION_ID":
        return str(uuid.uuid4())
    if name == "AIRFLOW_FERNET_KEY":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(24)
