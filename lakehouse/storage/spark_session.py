"""The Spark session of a job: joined on the Connect server where there is one, else created in this process."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from lakehouse import settings
from lakehouse.errors import ServiceUnavailable
from lakehouse.settings import store_access
from lakehouse.storage import java_trust, spark_config

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Spark's own client waits ten minutes for a server that does not answer, silently, and up to a minute for one that
# is back. A task that fails after one minute names the cause, and Airflow tries it again.
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 5
DEFAULT_PORT = 15002
SESSION_ID = re.compile(r"\bsession_id=([0-9a-fA-F-]{36})")


# What this process has joined, by address.
_joined: dict[str, SparkSession] = {}


def session(application: str, rows: int | None = None) -> SparkSession:
    """A session named ``application``, for work on about so many rows.

    With ``SPARK_REMOTE`` the session that its address names is joined: jobs share it, so none may stop it or rely on temporary
    views and settings in it. Otherwise Spark starts in this process on ``SPARK_MASTER``, or as spark-submit configures it.

    Few rows and many rows have sessions of their own beside it, with settings that suit them.

    Args:
        application: the name of what Spark does.
        rows: of all that is read, by the logs' statistics; None: whatever there is.

    Raises:
        ServiceUnavailable: when no server answers at the address.
    """
    kind, config = _settings_for(rows)
    remote = settings.load().spark_remote
    if remote is not None:
        return _join(beside(remote, kind) if kind else remote, config)
    spark = _local(application)
    if kind:
        spark = spark.newSession()
        for name, value in config.items():
            spark.conf.set(name, value)
    return spark


def beside(remote: str, kind: str) -> str:
    """The address of the session of a kind on the same server, the same for all jobs that share the first."""
    return SESSION_ID.sub(lambda match: f"session_id={uuid.uuid5(uuid.UUID(match[1]), kind)}", remote)


def leave() -> None:
    """Close the connections to all sessions that this process has joined; the sessions stay."""
    while _joined:
        _joined.popitem()[1].client.close()


def _settings_for(rows: int | None) -> tuple[str, dict[str, str]]:
    if rows is not None and rows <= spark_config.FEW_ROWS:
        return "few rows", spark_config.FEW_CONFIG
    if rows is not None and rows >= spark_config.MANY_ROWS:
        return "many rows", spark_config.MANY_CONFIG
    return "", {}


def _local(application: str) -> SparkSession:
    from pyspark.sql import SparkSession

    where = settings.load()
    builder = SparkSession.builder.appName(application)
    config = dict(spark_config.CONFIG)
    if where.in_object_store:
        store = store_access.load()
        config |= spark_config.of_store(store)
        if store.authority is not None:
            # Read when a JVM starts: one that spark-submit has started had to be told by who called it.
            trusting = java_trust.options(str(java_trust.made(store.authority, where.state_root)))
            config["spark.driver.extraJavaOptions"] = trusting
    if not where.under_spark_submit:
        builder = builder.master(where.spark_master)
        if where.spark_master.startswith("local"):
            config |= spark_config.LOCAL_CONFIG
            # Spark starts its Python workers by this name, and the system's python3 has none of the packages.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for name, value in config.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _join(remote: str, config: Mapping[str, str]) -> SparkSession:
    """The session that ``remote`` names, on a server that answers, with these settings beside the server's."""
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession as Connected

    # It imports gRPC, which parsing and many jobs do without.
    from lakehouse.storage import spark_calls

    _await_answer(remote)
    known = _joined.get(remote)
    if known is not None and not known.is_stopped:  # type: ignore[attr-defined]  # it is one of Spark Connect
        return known
    # As PySpark's own builder marks the process when it makes such a session, of a channel that it does not let us choose.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    builder = Connected.builder.channelBuilder(spark_calls.channel(remote))
    for name, value in config.items():
        builder = builder.config(name, value)
    # Not getOrCreate: in a process that has a session it returns that one, whatever the address is.
    joined = cast("SparkSession", builder.create())
    tries = PATIENCE_SECONDS // PAUSE_SECONDS
    joined.client.set_retry_policies([DefaultPolicy(max_retries=tries, max_backoff=PAUSE_SECONDS * 1000)])
    spark_calls.watch_tasks(joined, remote)
    _joined[remote] = joined
    return joined


def _await_answer(remote: str) -> None:
    address = urlsplit(remote)
    host, port = address.hostname or "localhost", address.port or DEFAULT_PORT
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection((host, port), timeout=PAUSE_SECONDS).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise ServiceUnavailable(
                    f"Spark at {host}:{port}: expected an answer within {PATIENCE_SECONDS} s, found none ({error}); is the "
                    "stack up? (make up)"
                ) from error
        time.sleep(0.5)
