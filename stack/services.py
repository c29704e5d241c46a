"""The services of a stack: how each is started, and how its health is checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.settings import roots, store_access
from lakehouse.storage import java_trust, spark_config
from stack import health, jars
from stack.credentials import write_private
from stack.plan import Plan
from stack.ports import HOST

SPARK_MEMORY = "NIGHTJAR_SPARK_MEMORY"

# On two cores Java's optimising compiler took as long as Spark's tasks, most of it on code that ran a few hundred times
# more. It starts 16 times later than by default: 49 s of its time instead of 58 for the demo's history where it started four
# times later, and 134 s in all instead of 148. Another four times later it saved nothing more, and the tasks took longer.
COMPILER_OPTIONS = (
    "-XX:ReservedCodeCacheSize=512m -XX:Tier4InvocationThreshold=80000 "
    "-XX:Tier4MinInvocationThreshold=9600 -XX:Tier4CompileThreshold=240000 -XX:Tier4BackEdgeThreshold=640000"
)
# Java's parallel collector never gave back what a great day had taken: 2.4 GB at rest, of which 215 MB were in use. These do, when
# Spark's cleaner collects (`lakehouse.storage.spark_config`). On few cores the serial one also takes the least of their time, with
# a nursery that a night's rows fit into: with Java's own of 220 MB it took 3 of the 17 s of a day's features, with this 0.4 of 5.
FEW_CORES = 4
# Java keeps up to half of the old generation free, and gives back in steps, the first of which is nothing.
GIVES_BACK = "-Xmn512m -XX:MetaspaceSize=256m -XX:MinHeapFreeRatio=15 -XX:MaxHeapFreeRatio=25 -XX:-ShrinkHeapInSteps"
# Airflow's command, for those of its components that would look for work each second.
RESTING = "include.orchestration.at_rest"
# By default C's allocator keeps an arena for each of eight threads a core, and each keeps what was freed in it.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True)
class Service:
    """One long-lived process of the stack.

    Attributes:
        name: as status and log files call it.
        command: what is run.
        ports: names of the ports (of `stack.ports.Ports`) that it listens on.
        healthy: whether it serves, called with the time of its start (seconds since the epoch).
        variables: of its environment, besides those of every task.
        without: names of the variables of every task that it must not have.
        needs_database: whether Airflow's metadata database has to exist before it starts.
    """

    name: str
    command: list[str]
    ports: tuple[str, ...]
    healthy: Callable[[float], bool]
    variables: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    needs_database: bool = False


def services(plan: Plan) -> list[Service]:
    """Every service of the stack that ``plan`` describes, the slowest to start first."""
    return [_spark(plan), *_airflow(plan), _mlflow(plan)]


def prepare_spark(plan: Plan, environ: Mapping[str, str]) -> None:
    """Write the Connect server's settings, which are `lakehouse.storage.spark_config` and those of this machine."""
    in_store = roots.any_address(plan.lakehouse_root, plan.landing_root)
    store = store_access.load() if in_store else None
    java = java_options(len(os.sched_getaffinity(0)))
    if store is not None and store.authority is not None:
        java += f" {java_trust.options(str(java_trust.made(store.authority, plan.spark_home)))}"
    settings = {
        **spark_config.CONFIG,
        **spark_config.LOCAL_CONFIG,
        **spark_config.SERVER_CONFIG,
        **(spark_config.of_store(store) if store is not None else {}),
        "spark.app.name": "nightjar",
        "spark.master": environ.get("SPARK_MASTER") or "local[*]",
        "spark.driver.memory": environ.get(SPARK_MEMORY) or spark_config.LOCAL_CONFIG["spark.driver.memory"],
        "spark.driver.extraJavaOptions": java,
        "spark.connect.grpc.binding.port": str(plan.ports.spark_connect),
        # Our client waits for this very port, so the server must not move on to the next.
        "spark.connect.grpc.port.maxRetries": "0",
        "spark.ui.port": str(plan.ports.spark_ui),
        "spark.local.dir": str(plan.spark_home / "local"),
        "spark.sql.warehouse.dir": str(plan.spark_home / "warehouse"),
    }
    text = "".join(f"{key} {value}\n" for key, value in settings.items())
    write_private(_spark_settings(plan), text)


def java_options(cores: int) -> str:
    """Java's options for a server on so many cores."""
    collector = "-XX:+UseSerialGC" if cores <= FEW_CORES else "-XX:+UseG1GC"
    return f"{collector} {GIVES_BACK} {COMPILER_OPTIONS}"


def _spark_settings(plan: Plan) -> Path:
    return plan.spark_home / "connect-server.conf"


def _spark(plan: Plan) -> Service:
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    submit = str(jars.spark_home() / "bin" / "spark-submit")
    return Service(
        name="spark",
        command=[submit, "--properties-file", str(_spark_settings(plan)), "--class", server, "spark-internal"],
        ports=("spark_connect", "spark_ui"),
        healthy=lambda since: health.listens(plan.ports.spark_connect),
        variables={
            "SPARK_CONF_DIR": str(Path(__file__).parent / "spark_conf"),
            **FEW_ARENAS,
        },
        # With it spark-submit would start as a client of the very server that it starts.
        without=("SPARK_REMOTE",),
    )


def _mlflow(plan: Plan) -> Service:
    store = f"sqlite:///{plan.mlflow_home / 'mlflow.db'}?timeout=60"
    # What `mlflow server` starts and then waits for, with 250 MB of its own; these variables are what it hands over.
    command = [sys.executable, "-m", "uvicorn", "--host", HOST, "--port", str(plan.ports.mlflow), "--workers", "1"]
    return Service(
        name="mlflow",
        command=[*command, "--log-level", "warning", "mlflow.server.fastapi_app:app"],
        ports=("mlflow",),
        healthy=lambda since: health.answers(f"{plan.mlflow_url}/health"),
        variables={
            "_MLFLOW_SERVER_FILE_STORE": store,
            "_MLFLOW_SERVER_REGISTRY_STORE": store,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": plan.mlflow_artifacts or str(plan.mlflow_home / "artifacts"),
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_TRACKING_URI": store,
            "MLFLOW_REGISTRY_URI": store,
            # Its six job processes of 180 MB each serve features that are not used here.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            **FEW_ARENAS,
        },
    )


def _airflow(plan: Plan) -> list[Service]:
    def component(name: str, healthy: Callable[[float], bool], *options: str, ports: tuple[str, ...] = ()) -> Service:
        command = [
            sys.executable,
            "-m",
            RESTING if name in ("dag-processor", "triggerer") else "airflow",
            name,
            *options,
        ]
        # It logs every parsing of every file, 40 MB a day; Airflow's page shows files that fail to parse.
        quiet = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING"} if name == "dag-processor" else {}
        variables = {**quiet, **FEW_ARENAS}
        return Service(name, command, ports, healthy, variables, needs_database=True)

    def beats(name: str) -> Callable[[float], bool]:
        return lambda since: health.airflow_component(plan.airflow_url, name, since)

    def serves(since: float) -> bool:
        return health.answers(f"{plan.airflow_url}/api/v2/monitor/health")

    # The log servers would listen on every network address, and the API server reads the same files from disk.
    return [
        component("api-server", serves, ports=("airflow",)),
        component("scheduler", beats("scheduler"), "--skip-serve-logs"),
        component("dag-processor", beats("dag_processor")),
        component("triggerer", beats("triggerer"), "--skip-serve-logs"),
    ]


def log_file(plan: Plan, name: str) -> Path:
    """The log file of the service called ``name``."""
    return plan.logs / f"{name}{os.extsep}log"
