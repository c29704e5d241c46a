"""The operator that runs a job of the platform: ``python -m jobs <stage> ...``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from include.orchestration import (
    alerts,
    connections,
    job_process,
    job_result,
    lineage_parent,
    other_host,
    partition_key,
)
from lakehouse import settings

if TYPE_CHECKING:
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
    from airflow.sdk import Context

    from include.orchestration.job_process import JobProcess


# The statuses of a job that found nothing to do, as jobs/result.py and jobs/asked_days.py have them.
NOTHING_TO_DO = ("none", "not scored")


class JobOperator(BaseOperator):
    """Runs one job and returns its result, the JSON object that the job writes, as XCom.

    With ``SPARK_REMOTE`` the job is a Python client of the shared Spark Connect server, in a process beside the task
    (`include.orchestration.job_process`). Without it the job is submitted by spark-submit to the master that the connection
    ``spark_default`` names, or to ``SPARK_MASTER`` when Airflow has no such connection.

    A failed job fails the task with the job's own error line. Only an error that a retry can clear is retried.
    A job that found nothing to do (status ``none``, or ``not scored`` for days that the use case does not score) skips the
    task, and with it what follows.

    Args:
        stage: which job, the first word after ``python -m jobs``. (templated)
        options: the job's options without their dashes; one that renders to nothing is left out. (templated)
        switches: options without a value; one is given when it renders to "True". (templated)
        cascade: whether the outlets get an event for every day from ``partition`` to ``through`` but those that are not scored, so
            that the DAGs that wait for them follow; "False" for no. (templated)
        spark_connection: the Airflow connection for spark-submit.
        all_days: an empty ``partition`` means all days, and is no mistake.
        background: the job runs at low priority on this machine, since no other task waits for it.
        needs_spark: a job that does not is never submitted: it runs as a process beside the task. One that does takes a slot of the
            pool that ``SPARK_POOL`` names, where it names one.
        connections: the Airflow connections that the job needs. It finds their addresses in its environment, which only a job
            that runs beside the task has.
    """

    template_fields: Sequence[str] = ("stage", "options", "switches", "cascade")
    ui_color = "#e8f0e4"

    # Of a task that runs. Here, since each attribute that Airflow sets costs parsing more than it seems.
    _running: JobProcess | SparkSubmitHook | None = None
    # For what is told at the end of the task.
    result: dict[str, Any] | None = None

    def __init__(
        self,
        *,
        stage: str,
        options: Mapping[str, str],
        switches: Mapping[str, str] | None = None,
        cascade: str = "True",
        spark_connection: str = "spark_default",
        background: bool = False,
        all_days: bool = False,
        needs_spark: bool = True,
        connections: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        if stage in alerts.TELLING:
            kwargs.setdefault("on_success_callback", alerts.job_done)
        if needs_spark and (pool := settings.spark_pool()) is not None:
            kwargs.setdefault("pool", pool)
        super().__init__(**kwargs)
        self.stage = stage
        self.options = options
        self.switches = switches or {}
        self.cascade = cascade
        self.spark_connection = spark_connection
        self.background = background
        self.all_days = all_days
        self.needs_spark = needs_spark
        self.connections = connections

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job.

        Raises:
            AirflowFailException: the job failed, and would again. AirflowException: it failed, and may be tried again.
            AirflowSkipException: it found nothing to do. AirflowRescheduleException: this host can't do it, another may.
        """
        connections.reach_store()
        days = self._days()
        told = lineage_parent.environment(context)
        with tempfile.TemporaryDirectory(prefix="nightjar-job-") as folder:
            file = Path(folder) / "result.json"
            arguments = [*self._arguments(), "--result", str(file)]
            if settings.load().spark_remote is not None or not self.needs_spark:
                exit_code, last_line = self._run_client(arguments, told)
            else:
                exit_code, last_line = self._submit(arguments, told)
            result = job_result.read(file)
        if exit_code != 0:
            other_host.may_take(result, context)
            self.failed(job_result.failure(self.stage, exit_code, result, last_line), result)
        self.log.info("%s done: %s", self.stage, result)
        self.result = result
        if result.get("status") in NOTHING_TO_DO:
            raise AirflowSkipException(f"{self.stage} found nothing to do: {result.get('message', 'no delivery')}")
        if self.cascade == "True":
            self._announce([day for day in days if day not in result.get("not_scored", ())], context)
        return result

    def failed(self, error: AirflowException, result: Mapping[str, Any]) -> NoReturn:
        """Handle a job that failed with this result: raise the error."""
        raise error

    def on_kill(self) -> None:
        """Stop the job when its task is stopped: by hand, by its timeout, or with the scheduler."""
        if isinstance(self._running, job_process.JobProcess):
            self._running.stop()
        elif self._running is not None:
            self._running.on_kill()

    def _days(self) -> list[str]:
        if "partition" not in self.options or (self.all_days and not self.options["partition"]):
            return []
        return partition_key.of_run(self.options["partition"], self.options.get("through", ""))

    def _arguments(self) -> list[str]:
        # With an equals sign, so that a text that begins with a dash is read as a value.
        options = [f"--{name}={value}" for name, value in self.options.items() if value]
        switches = [f"--{name}" for name, value in self.switches.items() if value == "True"]
        return [self.stage, *options, *switches]

    def _run_client(self, arguments: list[str], told: Mapping[str, str]) -> tuple[int, str]:
        environment = {**connections.environment(self.connections), **told}
        self._running = running = job_process.start(arguments, environment, self.background, self.log)
        return running.follow(self.log)

    def _submit(self, arguments: list[str], told: Mapping[str, str]) -> tuple[int, str]:
        from include.orchestration.spark_submit import JobSubmitHook

        self._running = hook = JobSubmitHook.for_job(self.spark_connection, self.stage, arguments, told)
        try:
            hook.submit(str(settings.PROJECT_ROOT / "jobs" / "__main__.py"))
        except AirflowException as error:
            return 1, hook.error_line or str(error)
        return 0, ""

    def _announce(self, days: list[str], context: Context) -> None:
        # A run by hand has no partition key of its own, and a range has many: without these events the DAGs
        # that wait for these days never start.
        for outlet in self.outlets:
            if isinstance(outlet, Asset) and days:
                context["outlet_events"][outlet].add_partitions(days)
