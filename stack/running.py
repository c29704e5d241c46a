"""A stack that is up, for programs that use it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from stack import airflow_config
from stack.credentials import Credentials
from stack.environment import environment, task_variables
from stack.plan import Plan


@dataclass(frozen=True)
class RunningStack:
    """A running stack: its addresses, its secrets and its environment.

    Attributes:
        plan: its folders, ports and addresses (`plan.airflow_url`, `plan.mlflow_url`, `plan.spark_url`).
        credentials: its secrets.
        was_up: whether it ran already before it was requested.
    """

    plan: Plan
    credentials: Credentials
    was_up: bool

    @property
    def variables(self) -> dict[str, str]:
        """The variables that point a process at this stack: what env.sh exports."""
        return task_variables(self.plan, self.credentials)

    @property
    def env(self) -> dict[str, str]:
        """The whole environment for a process that works with this stack: this process's own, and `variables`."""
        return environment(self.plan, self.credentials, os.environ)

    @property
    def airflow_url(self) -> str:
        """The address of Airflow's page and API."""
        return self.plan.airflow_url

    @property
    def airflow_user(self) -> str:
        """Airflow's user."""
        return airflow_config.USER

    @property
    def airflow_password(self) -> str:
        """The password of Airflow's user."""
        return self.credentials.admin_password

    @property
    def trust(self) -> None:
        """Nothing to be known by: all is on loopback, without TLS."""

    def addresses(self) -> str:
        """The addresses, the login and the folders, for a person to read."""
        return "\n".join(
            [
                f"  Airflow  {self.plan.airflow_url}  user {self.airflow_user}, password {self.airflow_password}",
                f"  MLflow   {self.plan.mlflow_url}",
                f"  Spark    {self.plan.spark_url}",
                f"  shell    source {self.plan.env_file}",
                f"  logs     {self.plan.logs}",
            ]
        )
