"""Spark and MLflow as the stack starts them, on ports of our own; Spark can be killed and started again."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import psutil

from lakehouse.storage import spark_config
from stack import processes, services
from stack.credentials import Credentials
from stack.environment import environment
from stack.plan import Plan
from stack.services import Service, log_file

START_SECONDS = 120
# A Spark that lives for a minute does not repay optimised code, nor a second thread that collects garbage: a quarter less of two
# cores' time, and as fast. Without a size, the memory for code that is not optimised is so small that Spark fills it, and
# interprets all that comes later.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
# Tables of some rows: one task is enough for what a machine does with many, plans have nothing to adapt to, and nobody reads
# their text. Plans without both took 9 % less of the server's time on two cores.
SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ui.explainMode": "simple",
}


def with_own_spark() -> dict[str, str]:
    """The environment of a process that joins no server and lives for a minute."""
    server = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED")
    kept = {name: value for name, value in os.environ.items() if name not in server}
    own = {"JDK_JAVA_OPTIONS": JAVA_OPTIONS, "SPARK_MASTER": "local[2]", "PYSPARK_PYTHON": sys.executable}
    return kept | own


@contextmanager
def short_lived_spark() -> Iterator[None]:
    """The Spark server of a stack that starts meanwhile is made for a minute and for tables of some rows."""
    with patch.dict(spark_config.CONFIG, SMALL), patch.object(services, "java_options", lambda cores: JAVA_OPTIONS):
        yield


class Running:
    """One service of a plan: ``spark`` or ``mlflow``."""

    def __init__(self, plan: Plan, name: str) -> None:
        self._plan = plan
        self._service: Service = next(service for service in services.services(plan) if service.name == name)
        self._process: psutil.Process | None = None
        self._since = 0.0

    def begin(self) -> None:
        """Start it, and do not wait."""
        environ = environment(self._plan, Credentials.load_or_create(self._plan.state_root), os.environ)
        own = {name: value for name, value in environ.items() if name not in self._service.without}
        if self._service.name == "spark":
            with short_lived_spark():
                services.prepare_spark(self._plan, os.environ)
        self._plan.mlflow_home.mkdir(parents=True, exist_ok=True)
        self._since = time.time()
        log = log_file(self._plan, self._service.name)
        command, state = self._service.command, self._plan.state_root
        self._process = processes.start(self._service.name, command, own | self._service.variables, state, log)

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while not self._service.healthy(self._since):
            if self._process is None or not self._process.is_running() or time.monotonic() > deadline:
                said = log_file(self._plan, self._service.name).read_text(errors="replace")[-2000:]
                raise AssertionError(f"{self._service.name} did not come up:\n{said}")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL it, as a machine that runs out of memory does: the one process, not those that it started."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=30)

    def stop(self) -> None:
        """End it and all that it started."""
        name = self._service.name
        processes.stop(lambda: processes.marked(self._plan.state_root, name), grace_seconds=3)
