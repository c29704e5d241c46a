"""The spark-submit hook of jobs, used where there is no Spark Connect server."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from lakehouse import settings


class JobSubmitHook(SparkSubmitHook):
    """The provider's hook, with two additions.

    It submits to ``SPARK_MASTER`` when Airflow has no Spark connection, where the provider's chooses YARN; and it keeps
    the line in which the job names its error, which is otherwise lost in Spark's own output.
    """

    error_line = ""

    @classmethod
    def for_job(
        cls, connection: str, stage: str, arguments: list[str], environment: Mapping[str, str] | None = None
    ) -> JobSubmitHook:
        """A hook that submits one job, with this Python on driver and workers, and more variables."""
        return cls(
            conn_id=connection,
            name=f"nightjar-{stage}",
            application_args=arguments,
            env_vars={
                "PYSPARK_PYTHON": sys.executable,
                "PYTHONPATH": str(settings.PROJECT_ROOT),
                **(environment or {}),
            },
        )

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """The connection, or one made of ``SPARK_MASTER``."""
        try:
            return super().get_connection(conn_id)
        except AirflowNotFoundException:
            return Connection(conn_id=conn_id, conn_type="spark", host=settings.load().spark_master)

    def _process_spark_submit_log(self, itr: Iterator[Any]) -> None:
        super()._process_spark_submit_log(self._watched(itr))

    def _watched(self, lines: Iterator[Any]) -> Iterator[Any]:
        for line in lines:
            if line.startswith("ERROR "):
                self.error_line = line.strip()
            yield line
