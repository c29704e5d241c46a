"""Airflow's hosts: the API server, the scheduler, the DAG processor, the triggerer, and two workers."""

from __future__ import annotations

import json

from stack.airflow_config import FAB_AUTH_MANAGER
from stack.cluster.host import HOME, PAIR, TRUST, Host, Port
from stack.cluster.stores import AIRFLOW_DATABASE, ENCRYPTED
from stack.cluster.variables import JOBS

API_URL = "https://airflow-api:8080"
# Tasks that a worker runs at once: each is a process of some 300 MB.
WORKER_SLOTS = 4
WORKERS = ("worker-1", "worker-2")
# Pools of slots by the kind of host that does a task's work: how many tasks the Spark cluster serves at once.
POOLS: dict[str, tuple[int, str]] = {
    "spark": (4, "tasks whose jobs are clients of the Spark cluster"),
}
QUEUE_DATABASE = "postgresql+psycopg2://airflow:$AIRFLOW_DATABASE_PASSWORD@database/celery" + ENCRYPTED

MAIL = {
    "conn_type": "smtp",
    "host": "smtp",
    "port": 2525,
    "extra": {
        "from_email": "nightjar@example.org",
        "to": "on-call@example.org",
        # TLS from the first line on is another port's; here it begins with STARTTLS, and SSL_CERT_FILE says whom to know.
        "disable_tls": False,
        "disable_ssl": True,
    },
}

VARIABLES: dict[str, str] = {
    **JOBS,
    **AIRFLOW_DATABASE,
    "AIRFLOW_HOME": f"{HOME}/airflow",
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CORE__PARALLELISM": "16",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": "$PROJECT/dags",
    "AIRFLOW__CORE__PLUGINS_FOLDER": "$PROJECT/plugins",
    # Tasks whose jobs are Spark's clients take a slot of this pool.
    "SPARK_POOL": "spark",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{API_URL}/execution/",
    "AIRFLOW__CORE__FERNET_KEY": "$AIRFLOW_FERNET_KEY",
    # Users with the roles of docs/security.md; `prepare` makes these, and the first user.
    "AIRFLOW__CORE__AUTH_MANAGER": FAB_AUTH_MANAGER,
    "AIRFLOW__API__SECRET_KEY": "$AIRFLOW_API_SECRET_KEY",
    "AIRFLOW__API__BASE_URL": "https://localhost:8080",
    # What tasks know the API by, and no public authority besides.
    "AIRFLOW__API__SSL_CA_FILE": TRUST,
    "AIRFLOW__API__CLIENT_USE_PUBLIC_CERTS": "False",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__API_AUTH__JWT_SECRET": "$AIRFLOW_JWT_SECRET",
    # SQLAlchemy takes a bare postgresql:// for another driver: the address names the one that is installed.
    "AIRFLOW__CELERY__BROKER_URL": f"sqla+{QUEUE_DATABASE}",
    "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{QUEUE_DATABASE}",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(WORKER_SLOTS),
    # A message that a worker has fetched and not begun is lost with the worker.
    "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
    "AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False",
    # How soon it is seen that a worker, or the message to it, is gone. A task that beats every few seconds is not.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "15",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{HOME}/airflow/logs",
    # Sources that name a collection are read from it; create it first: python -m include.flight_delays.demo.planes_to_mongo
    "AIRFLOW_CONN_MONGO_DEFAULT": f"mongo://$MONGO_ADDRESS/admin?tls=true&tlsCAFile={TRUST}",
    # Told of every alert of a use case that declares nobody.
    "AIRFLOW_CONN_NIGHTJAR_ALERTS": json.dumps(MAIL),
}


def hosts() -> tuple[Host, ...]:
    """All of them."""
    return (_api(), *(_component(*one) for one in COMPONENTS), *(_worker(name) for name in WORKERS))


COMPONENTS = (
    ("airflow-scheduler", "scheduler", "decides what runs when"),
    ("airflow-dag-processor", "dag-processor", "reads the DAG files"),
    ("airflow-triggerer", "triggerer", "waits in the place of tasks, and tells of late nights"),
)


def _api() -> Host:
    return Host(
        name="airflow-api",
        about="Airflow's page and API, and what tasks report to",
        command=("airflow", "api-server", "--host", "0.0.0.0", "--port", "8080"),
        ports=(Port(8080, "people, and Airflow's workers", published=8080),),
        variables={**VARIABLES, "AIRFLOW__API__SSL_CERT": PAIR, "AIRFLOW__API__SSL_KEY": PAIR},
        needs=("prepare",),
        probe="https:8080/api/v2/monitor/health",
        serves=True,
    )


def _component(name: str, command: str, about: str) -> Host:
    return Host(
        name=name,
        about=f"Airflow's {command}: {about}",
        command=("airflow", command),
        variables=VARIABLES,
        needs=("prepare", "airflow-api"),
        probe=f"airflow:{command.replace('-', '_')}",
    )


def _worker(name: str) -> Host:
    return Host(
        name=name,
        about="an Airflow worker: runs tasks, each a job that is a client of Spark, the store and MLflow",
        command=("airflow", "celery", "worker", "--without-gossip", "--without-mingle"),
        ports=(Port(8793, "Airflow's API, for task logs"),),
        variables=VARIABLES,
        needs=("prepare", "airflow-api", "mlflow"),
        probe="tcp:8793",
    )
