"""Where MLflow and Airflow keep what is theirs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.settings.roots import absolute


@dataclass(frozen=True)
class Services:
    """Where MLflow and Airflow keep what a backup has to have.

    Attributes:
        mlflow_database: address of MLflow's store, such as ``sqlite:///...`` or ``postgresql://...``. Its ``repr`` shows none.
        mlflow_artifacts: folder or address of models and pictures.
        airflow_database: address of Airflow's metadata. Its ``repr`` shows none.
    """

    mlflow_database: str = field(repr=False)
    mlflow_artifacts: str
    airflow_database: str = field(repr=False)


def load(home: Path, environ: Mapping[str, str] | None = None) -> Services:
    """The services' stores: by the variables of MLflow and Airflow themselves, else as the stack on one machine has them.

    Args:
        home: the stack's ``NIGHTJAR_HOME``.
        environ: the process's own when not given.
    """
    env = os.environ if environ is None else environ
    airflow = env.get("AIRFLOW_HOME") or str(home / "airflow")
    return Services(
        mlflow_database=env.get("MLFLOW_BACKEND_STORE_URI") or f"sqlite:///{home / 'mlflow' / 'mlflow.db'}",
        mlflow_artifacts=absolute(env.get("MLFLOW_ARTIFACTS_DESTINATION") or str(home / "mlflow" / "artifacts")),
        airflow_database=env.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") or f"sqlite:///{Path(airflow) / 'airflow.db'}",
    )
