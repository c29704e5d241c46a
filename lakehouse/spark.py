"""The Spark session of a job: joined on the Connect server where there is one, else made here."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from lakehouse import settings, spark_config

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SESSION_ID = re.compile(r"\bsession_id=([0-9a-fA-F-]{36})")


def session(application: str, days: int = 1) -> SparkSession:
    """A session named ``application``, for work on so many days.

    With ``SPARK_REMOTE`` the session that its address names is joined: jobs share it, so none may stop it or lean on temporary
    views and settings in it. Otherwise Spark starts in this process on ``SPARK_MASTER``, or as spark-submit says.

    Long ranges have a session of their own, on the same server, whose plans are compiled.
    """
    from pyspark.sql import SparkSession

    compiled = days >= spark_config.COMPILED_FROM_DAYS
    where = settings.load()
    if where.spark_remote is not None:
        if not compiled:
            return SparkSession.builder.remote(where.spark_remote).getOrCreate()
        # Not getOrCreate: it would change the settings of a session that this process joined before.
        beside = SparkSession.builder.remote(beside_address(where.spark_remote)).create()
    else:
        shared = _local(application)
        if not compiled:
            return shared
        beside = shared.newSession()
    for name, value in spark_config.COMPILED_CONFIG.items():
        beside.conf.set(name, value)
    return beside


def beside_address(remote: str) -> str:
    """The address of a second session on the same server, the same for all jobs that share the first."""
    return SESSION_ID.sub(lambda found: f"session_id={uuid.uuid5(uuid.UUID(found[1]), 'long ranges')}", remote)


def _local(application: str) -> SparkSession:
    from pyspark.sql import SparkSession

    where = settings.load()
    builder = SparkSession.builder.appName(application)
    config = dict(spark_config.CONFIG)
    if not where.under_spark_submit:
        builder = builder.master(where.spark_master)
        if where.spark_master.startswith("local"):
            config |= spark_config.LOCAL_CONFIG
    for name, value in config.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
