"""Configuration: the one module that reads the environment (rule 8 of the design).

Every setting has a default that works on one machine from the project's root, so that a job runs with no
environment at all. Secrets are never settings: they live in Airflow connections or in the environment of the service
that needs them.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

PROJECT_ROOT = Path(__file__).resolve().parent.parent

# Joining a Spark session and starting its workers' imports costs 2 to 3 s of processor time, in which one core scores a million
# rows of 20 features. Half a million rows of 40 features are 160 MB in the job's process.
IN_PROCESS_ROWS = 500_000
# Names of variables whose values are secrets, or addresses with a password in them.
_SECRET = re.compile(
    r"^(NIGHTJAR_CONNECTION_|AIRFLOW_CONN_|MONGO_URI$)|SQL_ALCHEMY_CONN|BROKER_URL$|RESULT_BACKEND$|"
    r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|FERNET_KEY|PRIVATE_KEY)$"
)


@dataclass(frozen=True)
class Settings:
    """Where this run finds data, models and Spark.

    Attributes:
        lakehouse_root: folder, or address such as ``s3://bucket/prefix``, of the tables, each at ``<layer>/<name>``.
        landing_root: the same of the deliveries, each at ``<source>/<YYYY-MM-DD>.csv`` or ``.jsonl``.
        mlflow_tracking_uri: the MLflow server, without a login; its SQLite store is never opened directly.
        spark_remote: address of a Spark Connect server (``sc://...``), or None to make a session of its own.
        spark_master: master of that own session when there is no Connect server.
        use_case_roots: folders whose sub-folders with a ``use_case.yaml`` are use cases, and whose ``sources`` has shared sources.
        state_root: folder for what may be lost without loss of data: model cache, logs, the embedded stack's state.
        run_book: address of the run book, for messages to people.
        in_process_rows: so many rows a stage works on in its own process; more are Spark's.
        under_spark_submit: whether spark-submit started this process, and so chose the master already.
        mongo_uri: MongoDB for jobs outside Airflow; inside it, the connection ``mongo_default``.
    """

    lakehouse_root: str
    landing_root: str
    mlflow_tracking_uri: str
    spark_remote: str | None
    spark_master: str
    use_case_roots: tuple[Path, ...]
    state_root: Path
    mongo_uri: str | None
    in_process_rows: int
    run_book: str
    under_spark_submit: bool

    @property
    def in_object_store(self) -> bool:
        """Whether the tables or the deliveries lie at an address."""
        return any_address(self.lakehouse_root, self.landing_root)

    @property
    def store_name(self) -> str:
        """A name for the lakehouse's address: one host may work for several."""
        return hashlib.sha256(self.lakehouse_root.encode()).hexdigest()[:16]


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environ`` (the process's own when not given)."""
    env = os.environ if environ is None else environ
    tracking, login = _without_login(env.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000"))
    if login is not None and environ is None:
        # Its client takes them from there. The address stands in links, records and messages, and a login in it would too.
        os.environ.setdefault("MLFLOW_TRACKING_USERNAME", login[0])
        os.environ.setdefault("MLFLOW_TRACKING_PASSWORD", login[1])
        os.environ["MLFLOW_TRACKING_URI"] = tracking
    roots = env.get("USE_CASE_ROOTS", str(PROJECT_ROOT / "include"))
    return Settings(
        lakehouse_root=_absolute(env.get("LAKEHOUSE_ROOT") or str(PROJECT_ROOT / "warehouse")),
        landing_root=_absolute(env.get("LANDING_ROOT") or str(PROJECT_ROOT / "landing")),
        mlflow_tracking_uri=tracking,
        spark_remote=env.get("SPARK_REMOTE") or None,
        spark_master=env.get("SPARK_MASTER", "local[*]"),
        use_case_roots=tuple(Path(root) for root in roots.split(os.pathsep) if root),
        state_root=Path(env.get("NIGHTJAR_HOME", str(PROJECT_ROOT / ".nightjar"))),
        mongo_uri=env.get("MONGO_URI") or None,
        in_process_rows=_whole(env, "IN_PROCESS_ROWS", IN_PROCESS_ROWS),
        run_book=env.get("RUN_BOOK") or "docs/on-call.md",
        under_spark_submit="PYSPARK_GATEWAY_PORT" in env,
    )


# Where SSL_CERT_FILE is kept that the store's authority took the place of, for delta-rs reads no other.
OUTSIDE_CERTIFICATES = "NIGHTJAR_OUTSIDE_CERT_FILE"
# The name of a key, its secret, and the token of a key that is lent.
KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class ObjectStore:
    """How the store of an address such as ``s3://bucket/prefix`` is reached. Its ``repr`` shows no secret.

    Attributes:
        endpoint: its address, such as ``http://store:8333``; None: Amazon's own, by region.
        region: as the store calls it; None: whatever the machine's profile says.
        key_id: who asks; None: as the machine, its role or its profile says.
        secret: of the key.
        token: of a key that was lent for some hours.
        authority: a file of the certificates, PEM, by which the store is known, as AWS_CA_BUNDLE has it; None: the public ones.
    """

    endpoint: str | None
    region: str | None
    key_id: str | None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    authority: str | None = None


def object_store() -> ObjectStore:
    """The store that the environment names, by the variables of Amazon's own tools.

    What all of its readers then take from the environment is completed there: that an ``http://`` endpoint is meant, the region
    under both of its names, and the file of the authority, which delta-rs knows as SSL_CERT_FILE.
    """
    env = os.environ
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None
    # A store of one's own calls its region as Amazon calls its first one.
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ("us-east-1" if endpoint is not None else None)
    completed = {} if region is None else {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    if endpoint is not None:
        completed["AWS_ENDPOINT_URL"] = endpoint
        completed["AWS_ALLOW_HTTP"] = "true" if endpoint.startswith("http://") else "false"
    authority = env.get("AWS_CA_BUNDLE") or None
    if authority is not None and endpoint is not None and endpoint.startswith("https://"):
        completed["SSL_CERT_FILE"] = authority
        if (before := env.get("SSL_CERT_FILE")) and before != authority:
            completed[OUTSIDE_CERTIFICATES] = before
    for name, value in completed.items():
        if env.get(name) != value:
            env[name] = value
    key_id, secret, token = (env.get(name) or None for name in KEY_VARIABLES)
    return ObjectStore(endpoint, region, key_id, secret, token, authority)


def use_object_store(
    endpoint: str | None, region: str | None, key_id: str | None, secret: str | None, token: str | None
) -> None:
    """Have this process, and those that it starts, ask a store in this way; what is None stays as the environment has it."""
    given = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }
    os.environ.update({name: value for name, value in given.items() if value})


def any_address(*places: str) -> bool:
    """Whether one of these is an address such as ``s3://bucket/prefix``, and no folder."""
    return any("://" in place for place in places)


def connection_variable(name: str) -> str:
    """The variable that has the address of the connection ``name``: for ``Warehouse`` it is NIGHTJAR_CONNECTION_WAREHOUSE."""
    return f"NIGHTJAR_CONNECTION_{name.upper()}"


def connection(name: str) -> str | None:
    """The address of a database, as the environment has it for the connection ``name``; None when it has none.

    It may hold a password, and so is no setting that is kept: it is read when it is used.
    """
    return os.environ.get(connection_variable(name)) or None


def airflow_connection_variable(name: str) -> str:
    """The variable in which Airflow itself looks for the connection ``name``."""
    return f"AIRFLOW_CONN_{name.upper()}"


def airflow_connection(name: str) -> str | None:
    """The connection ``name`` as the environment has it in Airflow's own form; None when it has none. It may hold a password."""
    return os.environ.get(airflow_connection_variable(name)) or None


def secret(variable: str) -> str | None:
    """The value of a variable that a declaration names for a key; None when it is not set."""
    return os.environ.get(variable) or None


@dataclass(frozen=True)
class Services:
    """Where MLflow and Airflow keep what a backup has to have.

    Attributes:
        mlflow_database: address of MLflow's store, such as ``sqlite:///...`` or ``postgresql://...``. Its ``repr`` shows none.
        mlflow_artifacts: folder or address of models and pictures.
        airflow_database: address of Airflow's metadata. Its ``repr`` shows none.
    """

    mlflow_database: str = field(repr=False)
    mlflow_artifacts: str
    airflow_database: str = field(repr=False)


def services(home: Path, environ: Mapping[str, str] | None = None) -> Services:
    """The services' stores: by the variables of MLflow and Airflow themselves, else as the stack on one machine has them.

    Args:
        home: the stack's ``NIGHTJAR_HOME``.
        environ: the process's own when not given.
    """
    env = os.environ if environ is None else environ
    airflow = env.get("AIRFLOW_HOME") or str(home / "airflow")
    return Services(
        mlflow_database=env.get("MLFLOW_BACKEND_STORE_URI") or f"sqlite:///{home / 'mlflow' / 'mlflow.db'}",
        mlflow_artifacts=_absolute(env.get("MLFLOW_ARTIFACTS_DESTINATION") or str(home / "mlflow" / "artifacts")),
        airflow_database=env.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") or f"sqlite:///{Path(airflow) / 'airflow.db'}",
    )


def mlflow_login() -> tuple[str, str] | None:
    """User and password of an MLflow that asks for them, where MLflow's own clients look; None unless there are both.

    Those are two variables, and for each that is not set a file in the home folder.
    """
    file = configparser.ConfigParser(interpolation=None)
    file.read(Path("~/.mlflow/credentials").expanduser())
    kept = file["mlflow"] if file.has_section("mlflow") else {}
    names = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
    user, password = (os.environ.get(name) or kept.get(name.lower()) for name in names)
    return (user, password) if user and password else None


def mlflow_token() -> str | None:
    """The token of an MLflow that asks for one; MLflow's own clients send it where there is no user with a password."""
    return os.environ.get("MLFLOW_TRACKING_TOKEN") or None


def mlflow_authority() -> str | None:
    """The file of the certificates by which MLflow is known, by the variable of its own clients; None: as `requests` has it."""
    return os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None


def own_authorities() -> list[str]:
    """The files of the authorities, besides the public ones, by which services outside are known."""
    files = (os.environ.get(name) for name in ("SSL_CERT_FILE", OUTSIDE_CERTIFICATES))
    return [file for file in files if file]


def secret_values() -> list[str]:
    """The values of the variables that hold a secret, or an address with one: what must be in no text that is shown."""
    return [
        value for name, value in os.environ.items() if value and _SECRET.search(name) and not name.endswith("_FILE")
    ]


def spark_pool() -> str | None:
    """Airflow's pool of the tasks whose jobs are clients of Spark, as SPARK_POOL names it; None for Airflow's own."""
    return os.environ.get("SPARK_POOL") or None


def in_airflow_task() -> bool:
    """Whether a task of Airflow's has started this process: Airflow gives each of its tasks the name of its run."""
    return bool(os.environ.get("AIRFLOW_CTX_DAG_RUN_ID"))


@dataclass(frozen=True)
class Lineage:
    """Where events of lineage go, by OpenLineage's own settings.

    Attributes:
        transport: as AIRFLOW__OPENLINEAGE__TRANSPORT has it; None: its client reads the environment itself.
        namespace: of the jobs.
        schemas: where docs/lineage is published, for the schemas of the platform's own facets; when not set a name, and no address.
        parent: the run of the task that started this one, as ``namespace/job/run``; None when it was started by hand.
        root: the same of the DAG's run.
    """

    transport: Mapping[str, Any] | None
    namespace: str
    schemas: str
    parent: str | None
    root: str | None


LINEAGE_PARENT = "OPENLINEAGE_PARENT_ID"
LINEAGE_ROOT = "OPENLINEAGE_ROOT_PARENT_ID"
LINEAGE_TRANSPORT = "AIRFLOW__OPENLINEAGE__TRANSPORT"


def lineage() -> Lineage | None:
    """Where events of lineage go; None, the default, when nowhere.

    On by OPENLINEAGE_URL, OPENLINEAGE_CONFIG, OPENLINEAGE__TRANSPORT__TYPE and the like, or Airflow's own variables for its
    provider (AIRFLOW__OPENLINEAGE__TRANSPORT, AIRFLOW__OPENLINEAGE__CONFIG_PATH). Off by OPENLINEAGE_DISABLED=true.

    Raises:
        ValueError: the transport is no JSON object.
    """
    env = os.environ
    if any(env.get(name, "").lower() in ("true", "1", "t") for name in LINEAGE_OFF):
        return None
    file = env.get("OPENLINEAGE_CONFIG") or env.get("AIRFLOW__OPENLINEAGE__CONFIG_PATH")
    text = env.get(LINEAGE_TRANSPORT)
    of_client = env.get("OPENLINEAGE_URL") or any(name.startswith("OPENLINEAGE__TRANSPORT") for name in env)
    if not (file or text or of_client):
        return None
    if file and not env.get("OPENLINEAGE_CONFIG"):
        # The client looks for its file there alone.
        env["OPENLINEAGE_CONFIG"] = file
    transport = json.loads(text) if text else None
    if transport is not None and not isinstance(transport, dict):
        raise ValueError(f"{LINEAGE_TRANSPORT}: expected a JSON object, found {type(transport).__name__}")
    namespace = env.get("AIRFLOW__OPENLINEAGE__NAMESPACE") or env.get("OPENLINEAGE_NAMESPACE") or "default"
    schemas = env.get("LINEAGE_SCHEMAS") or "urn:nightjar:docs:lineage"
    return Lineage(transport, namespace, schemas, env.get(LINEAGE_PARENT) or None, env.get(LINEAGE_ROOT) or None)


LINEAGE_OFF = ("OPENLINEAGE_DISABLED", "AIRFLOW__OPENLINEAGE__DISABLED")


def host_kind() -> str:
    """What kind of machine this is, as HOST_KIND names it: a rate card may have rates of its own for it. Empty for any."""
    return os.environ.get("HOST_KIND", "")


def _without_login(address: str) -> tuple[str, tuple[str, str] | None]:
    """An address without user and password, and these."""
    scheme, separator, rest = address.partition("://")
    login, at, host = rest.partition("/")[0].rpartition("@")
    if not at:
        return address, None
    user, _, password = login.partition(":")
    return f"{scheme}{separator}{host}{rest[len(login) + 1 + len(host) :]}", (unquote(user), unquote(password))


@contextmanager
def placed(lakehouse_root: Path, state_root: Path, use_case_roots: Sequence[Path]) -> Iterator[None]:
    """Work with other tables and declarations meanwhile: in this process alone, and what it starts."""
    other = {
        "LAKEHOUSE_ROOT": str(lakehouse_root),
        "NIGHTJAR_HOME": str(state_root),
        "USE_CASE_ROOTS": os.pathsep.join(map(str, use_case_roots)),
    }
    before = {name: os.environ.get(name) for name in other}
    os.environ.update(other)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _whole(env: Mapping[str, str], name: str, otherwise: int) -> int:
    text = env.get(name, "")
    if text and not text.isdecimal():
        raise ValueError(f"{name}: expected a whole number, found {text!r}")
    return int(text) if text else otherwise


def _absolute(path: str) -> str:
    """A folder as an absolute path: the Spark server runs elsewhere. An address such as s3://bucket/x stays as it is."""
    return path.rstrip("/") if "://" in path else str(Path(path).absolute())
