"""Tells `lakehouse.storage.spark_use` what a Spark Connect client asks its server for, and when it has the answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]

from lakehouse.storage import spark_server, spark_use

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client import DefaultChannelBuilder

# What a server computes for: executing and analysing plans. The rest is bookkeeping of milliseconds.
WORK = ("ExecutePlan", "ReattachExecute", "AnalyzePlan")


class Calls(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]  # untyped
    """Notes the beginning and the end of each call that is work."""

    def __init__(self, server: str) -> None:
        self._server, self._numbers = server, itertools.count()

    def intercept_unary_unary(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:
        """A question with one answer."""
        return self._call(go_on, details, request)

    def intercept_unary_stream(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:
        """A question whose answer comes in pieces."""
        return self._call(go_on, details, request)

    def _call(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:
        use = spark_use.at(self._server) if details.method.endswith(WORK) else None
        if use is None:
            return go_on(details, request)
        # What a server goes on with after a call was cut has the same name.
        name = getattr(request, "operation_id", "") or f"call {next(self._numbers)}"
        use.began(name)
        try:
            answer = go_on(details, request)
        except BaseException:
            use.ended(name)
            raise
        # One that has failed already is its error, which takes no callbacks and says so by an error of its own.
        if answer.done() or not answer.add_callback(lambda: use.ended(name)):
            use.ended(name)
        return answer


def channel(remote: str) -> DefaultChannelBuilder:
    """The way to the server that ``remote`` names, with its calls noted."""
    from pyspark.sql.connect.client import DefaultChannelBuilder

    builder = DefaultChannelBuilder(remote)
    builder.add_interceptor(Calls(spark_server.name_of(remote)))
    return builder


def watch_tasks(session: SparkSession, remote: str) -> None:
    """Have the session's client tell how many tasks of each operation run, and where."""
    server = spark_server.name_of(remote)
    if not session.conf.get("spark.master", "local").startswith("local"):  # type: ignore[union-attr]  # there is a default
        spark_use.SPREAD.add(server)

    def told(stages: Any, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        if operation_id and not done and (use := spark_use.at(server)) is not None:
            use.runs(operation_id, inflight_tasks)

    session.registerProgressHandler(told)  # type: ignore[arg-type]  # a function will do
