"""The plan of a stack: its folders and its ports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lakehouse import settings
from stack.errors import StackError
from stack.ports import HOST, Ports

AUTH = "NIGHTJAR_AUTH"
# Airflow's simple auth manager with one user who may do all, or its FAB auth manager with the roles of docs/security.md.
SIMPLE, FAB = "simple", "fab"


@dataclass(frozen=True)
class Plan:
    """One stack: where its state lies, where it listens, and which data its tasks work on.

    Attributes:
        state_root: folder of the stack's own files: logs, Airflow's home, MLflow's store, env.sh.
        ports: where the services listen.
        lakehouse_root: LAKEHOUSE_ROOT of the tasks.
        landing_root: LANDING_ROOT of the tasks.
        use_case_roots: USE_CASE_ROOTS of the tasks and of the DAG files.
        mlflow_artifacts: where MLflow keeps models and pictures, such as ``s3://bucket/mlflow``; empty: beside its database.
        auth: by which auth manager Airflow lets people in, SIMPLE or FAB.
    """

    state_root: Path
    ports: Ports
    lakehouse_root: str
    landing_root: str
    use_case_roots: str
    mlflow_artifacts: str = ""
    auth: str = SIMPLE

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The plan that the settings (`lakehouse.settings`) and the port variables describe, with absolute paths.

        Raises:
            StackError: a variable's value is none that is known.
        """
        env = os.environ if environ is None else environ
        chosen, auth = settings.load(env), env.get(AUTH) or SIMPLE
        if auth not in (SIMPLE, FAB):
            raise StackError(f"{AUTH}: expected {SIMPLE} (one user) or {FAB} (users with roles), found {auth!r}")
        return cls(
            state_root=chosen.state_root.resolve(),
            ports=Ports.from_environ(env),
            lakehouse_root=chosen.lakehouse_root,
            landing_root=chosen.landing_root,
            use_case_roots=os.pathsep.join(str(root.resolve()) for root in chosen.use_case_roots),
            mlflow_artifacts=env.get("MLFLOW_ARTIFACTS_DESTINATION") or "",
            auth=auth,
        )

    @property
    def airflow_url(self) -> str:
        """Address of Airflow's web page and API."""
        return f"http://{HOST}:{self.ports.airflow}"

    @property
    def mlflow_url(self) -> str:
        """Address of MLflow's web page and API: MLFLOW_TRACKING_URI."""
        return f"http://{HOST}:{self.ports.mlflow}"

    @property
    def spark_url(self) -> str:
        """Address of Spark's web page."""
        return f"http://{HOST}:{self.ports.spark_ui}"

    @property
    def logs(self) -> Path:
        """Folder of the services' logs, one file a service."""
        return self.state_root / "logs"

    @property
    def airflow_home(self) -> Path:
        """AIRFLOW_HOME: airflow.cfg, the metadata database and the task logs."""
        return self.state_root / "airflow"

    @property
    def mlflow_home(self) -> Path:
        """Folder of MLflow's store and artifacts."""
        return self.state_root / "mlflow"

    @property
    def spark_home(self) -> Path:
        """Folder of Spark's scratch space; may be lost at any time while Spark is down."""
        return self.state_root / "spark"

    @property
    def env_file(self) -> Path:
        """The file that a shell sources to use this stack."""
        return self.state_root / "env.sh"
