"""The hosts of the Spark cluster: a master, two workers, and the Connect server that jobs are clients of."""

from __future__ import annotations

from stack.cluster.host import AUTHORITY, HOME, JAVA_AUTHORITY, Host, Port
from stack.cluster.variables import SPARING, STORE

MASTER = "spark://spark-master:7077"
# Ports of the Connect server that executors call back, and of the executors for one another.
DRIVER_PORT, DRIVER_BLOCKS, EXECUTOR_BLOCKS = 7090, 7091, 7092
WORKER_CORES, WORKER_MEMORY = 1, "1g"

# Spark's processes know one another by a secret, and encrypt what they say to one another; the web pages are not part of it.
GUARDED = "-Dspark.authenticate=true -Dspark.network.crypto.enabled=true"
SMALL = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
DAEMON: dict[str, str] = {
    "SPARK_DAEMON_MEMORY": "256m",
    "SPARK_DAEMON_JAVA_OPTS": f"{GUARDED} {SMALL}",
    # Spark's own name of the variable.
    "_SPARK_AUTH_SECRET": "$SPARK_SECRET",
    **SPARING,
}


def hosts() -> tuple[Host, ...]:
    """Master, workers, Connect server."""
    return (_master(), _worker("spark-worker-1"), _worker("spark-worker-2"), _connect())


def _master() -> Host:
    return Host(
        name="spark-master",
        about="Spark's master: gives executors to the Connect server",
        command=(
            *("spark-class", "org.apache.spark.deploy.master.Master", "--host", "spark-master"),
            *("--port", "7077", "--webui-port", "8080"),
        ),
        ports=(Port(7077, "Spark's workers and drivers"), Port(8080, "its page", published=8081)),
        variables={**DAEMON, "SPARK_LOG_DIR": f"{HOME}/logs"},
        probe="tcp:7077",
        keeps=False,
    )


def _worker(name: str) -> Host:
    return Host(
        name=name,
        about="a Spark worker: its executors write the tables' files to the object store",
        command=(
            *("spark-class", "org.apache.spark.deploy.worker.Worker", "--host", name, "--port", "7078"),
            *("--webui-port", "8081", "--cores", str(WORKER_CORES), "--memory", WORKER_MEMORY),
            *("--work-dir", f"{HOME}/work", MASTER),
        ),
        ports=(
            Port(7078, "Spark's master"),
            Port(8081, "its page"),
            Port(EXECUTOR_BLOCKS, "executors and the Connect server, for blocks"),
        ),
        variables={
            **STORE,
            **DAEMON,
            "SPARK_LOCAL_DIRS": f"{HOME}/local",
            "PYSPARK_PYTHON": "$PYTHON",
            # The executors' Python workers import the transformations of the use cases.
            "PYTHONPATH": "$PROJECT",
        },
        needs=("spark-master",),
        probe="tcp:7078",
        keeps=False,
        trusts=(AUTHORITY, JAVA_AUTHORITY),
    )


def _connect() -> Host:
    return Host(
        name="spark-connect",
        about="the Spark Connect server: the driver of all jobs",
        command=("python", "-m", "stack.cluster.connect_server"),
        ports=(
            Port(15002, "jobs, by Spark Connect"),
            Port(4040, "its page", published=4040),
            Port(DRIVER_PORT, "executors"),
            Port(DRIVER_BLOCKS, "executors, for blocks"),
        ),
        variables={
            **STORE,
            **SPARING,
            "_SPARK_AUTH_SECRET": "$SPARK_SECRET",
            "SPARK_LOCAL_DIRS": f"{HOME}/local",
            "PYSPARK_PYTHON": "$PYTHON",
            "PYSPARK_DRIVER_PYTHON": "$PYTHON",
        },
        needs=("spark-master", "store"),
        probe="tcp:15002",
        keeps=False,
        trusts=(AUTHORITY, JAVA_AUTHORITY),
    )
