"""The Spark session of a job: joined on the Connect server where there is one, else made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse import settings, spark_config

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def session(application: str) -> SparkSession:
    """A session named ``application``.

    With ``SPARK_REMOTE`` the session that its address names is joined: jobs share it, so none may stop it or lean on temporary
    views and settings in it. Otherwise Spark starts in this process on ``SPARK_MASTER``, or as spark-submit says.
    """
    from pyspark.sql import SparkSession

    where = settings.load()
    if where.spark_remote is not None:
        return SparkSession.builder.remote(where.spark_remote).getOrCreate()
    builder = SparkSession.builder.appName(application)
    config = dict(spark_config.CONFIG)
    if not where.under_spark_submit:
        builder = builder.master(where.spark_master)
        if where.spark_master.startswith("local"):
            config |= spark_config.LOCAL_CONFIG
    for name, value in config.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
