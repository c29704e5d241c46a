"""Configuration: the one package that reads the environment (rule 8 of the design). Here is where a run finds its things; the
modules of the package read what stands apart: secrets, addresses of connections, the object store, MLflow's login.

Every setting has a default that works on one machine from the project's root, so that a job runs with no
environment at all. Secrets are never settings: they live in Airflow connections or in the environment of the service
that needs them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lakehouse.settings.roots import absolute, any_address

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent

# Joining a Spark session and starting its workers' imports costs 2 to 3 s of processor time, in which one core scores a million
# rows of 20 features. Half a million rows of 40 features are 160 MB in the job's process.
IN_PROCESS_ROWS = 500_000


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
        lakehouse_root=absolute(env.get("LAKEHOUSE_ROOT") or str(PROJECT_ROOT / "warehouse")),
        landing_root=absolute(env.get("LANDING_ROOT") or str(PROJECT_ROOT / "landing")),
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


def spark_pool() -> str | None:
    """Airflow's pool of the tasks whose jobs are clients of Spark, as SPARK_POOL names it; None for Airflow's own."""
    return os.environ.get("SPARK_POOL") or None


def in_airflow_task() -> bool:
    """Whether a task of Airflow's has started this process: Airflow gives each of its tasks the name of its run."""
    return bool(os.environ.get("AIRFLOW_CTX_DAG_RUN_ID"))


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
