"""Becomes the Spark Connect server of a cluster: writes its settings into the host's folder and starts it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from lakehouse.settings import store_access
from lakehouse.storage import java_trust, spark_config
from stack.cluster.host import HOME, JAVA_TRUST
from stack.cluster.spark import DRIVER_BLOCKS, DRIVER_PORT, EXECUTOR_BLOCKS, MASTER, WORKER_MEMORY
from stack.credentials import write_private
from stack.services import COMPILER_OPTIONS

# Of hosts with a core or two: a second thread that collects garbage would take the tasks' time.
JAVA_OPTIONS = f"-XX:+UseSerialGC {COMPILER_OPTIONS} {java_trust.options(JAVA_TRUST)}"
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


def settings(host: str, secret: str) -> Mapping[str, str]:
    """Spark's settings of the server on ``host``; its workers have the ``secret`` in their environment."""
    return {
        **spark_config.CONFIG,
        **spark_config.SERVER_CONFIG,
        **spark_config.of_store(store_access.load()),
        "spark.app.name": "nightjar",
        "spark.master": MASTER,
        "spark.driver.host": host,
        "spark.driver.bindAddress": "0.0.0.0",
        "spark.driver.port": str(DRIVER_PORT),
        "spark.driver.blockManager.port": str(DRIVER_BLOCKS),
        "spark.blockManager.port": str(EXECUTOR_BLOCKS),
        "spark.driver.memory": "1g",
        "spark.executor.memory": WORKER_MEMORY,
        "spark.executor.extraJavaOptions": JAVA_OPTIONS,
        "spark.driver.extraJavaOptions": JAVA_OPTIONS,
        "spark.authenticate": "true",
        "spark.authenticate.secret": secret,
        "spark.network.crypto.enabled": "true",
        # Between hosts a lost one is to be seen soon; the single server's minute is for one that talks to itself.
        "spark.executor.heartbeatInterval": "5s",
        "spark.network.timeout": "60s",
        "spark.connect.grpc.binding.address": "0.0.0.0",
        "spark.connect.grpc.binding.port": "15002",
        "spark.connect.grpc.port.maxRetries": "0",
        "spark.ui.port": "4040",
        "spark.sql.warehouse.dir": f"{HOME}/spark-warehouse",
    }


def main() -> None:
    """Write, and become spark-submit."""
    file = Path(HOME) / "connect-server.conf"
    chosen = settings(socket.gethostname(), os.environ["_SPARK_AUTH_SECRET"])
    write_private(file, "".join(f"{key} {value}\n" for key, value in chosen.items()))
    os.execvp("spark-submit", ["spark-submit", "--properties-file", str(file), "--class", SERVER, "spark-internal"])


if __name__ == "__main__":
    main()
