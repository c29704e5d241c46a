"""The task that reads a source from where its declaration says, before its files are taken in."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)

from include.orchestration import connections, other_host, partition_key
from lakehouse.declaration import loader
from lakehouse.errors import NightjarError
from lakehouse.settings import named_connection

if TYPE_CHECKING:
    from airflow.sdk import Context

    from lakehouse.declaration import Owner, Source


class ExtractOperator(BaseOperator):
    """Lands what a source's collection, database or topic has, or its ``fetch`` yields, as deliveries that the next task takes in.

    It reads here in the task's own process and in bounded memory: it needs no Spark, and the password stays in Airflow's
    connection, a collection's is read through MongoHook. Where Airflow has no such connection the task is skipped, and files are
    taken in as they were landed.

    Args:
        source: name of a source with a section ``mongo``, ``sql``, ``kafka`` or ``fetch``.
        partition: the day, or the first of a range. (templated)
        through: the last day; empty for just the first. A range of a source that is not daily is one window. (templated)
        any_gap: "True": of a topic, go on behind messages that were deleted before they were read. (templated)
        mongo_connection: the Airflow connection.
    """

    template_fields: Sequence[str] = ("source", "partition", "through", "any_gap")
    ui_color = "#e4f0e8"

    def __init__(
        self,
        *,
        source: str,
        partition: str,
        through: str = "",
        any_gap: str = "",
        mongo_connection: str = "mongo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.partition = partition
        self.through = through
        self.any_gap = any_gap
        self.mongo_connection = mongo_connection

    def execute(self, context: Context) -> dict[str, Any]:
        """Land the window and return what was landed, if anything.

        Raises:
            AirflowSkipException: Airflow has no such connection. AirflowFailException: it failed, and would again.
            AirflowException: it failed, and may be tried again.
        """
        days = partition_key.of_run(self.partition, self.through)
        first, last = partition_key.parse(days[0]), partition_key.parse(days[-1])
        try:
            owner, source = loader.by_source(self.source)
            with other_host.or_another(context):
                result = self._extract(owner, source, first, last)
        except NightjarError as error:
            message = f"{type(error).__name__}: {error}"
            raise AirflowException(message) if error.retryable else AirflowFailException(message) from error
        self.log.info("extract done: %s", result)
        return result

    def _extract(self, owner: Owner, source: Source, first: dt.date, last: dt.date) -> dict[str, Any]:
        # Parsing a DAG needs neither the drivers nor the provider.
        from lakehouse.extraction.extract import extract

        connections.reach_store()
        client: Any = self._mongo(source) if source.mongo is not None else None
        if source.sql is not None:
            self._know(source.sql.connection)
        if source.kafka is not None and not connections.known(source.kafka.connection):
            raise self._skip(source.kafka.connection, "its topic")
        now, any_gap = dt.datetime.now(dt.UTC), str(self.any_gap) == "True"
        return extract(owner, source, first, last, now, client, connections.service, any_gap)

    def _know(self, name: str) -> None:
        """Have a named connection in the environment of this process, which ends with the task."""
        os.environ.update(connections.environment([name]))
        if named_connection.variable(name) not in os.environ:
            raise self._skip(name, "its database")

    def _mongo(self, source: Source) -> Callable[[], Any]:
        from airflow.providers.mongo.hooks.mongo import MongoHook

        from lakehouse.extraction import connection

        try:
            hook = MongoHook(self.mongo_connection)
        except AirflowNotFoundException:
            raise self._skip(self.mongo_connection, "MongoDB") from None
        return lambda: connection.by(hook.get_conn, f"the connection {self.mongo_connection}")

    def _skip(self, connection: str, place: str) -> AirflowSkipException:
        return AirflowSkipException(
            f"Airflow has no connection {connection}, so {self.source} is not read from {place}: files in its landing folder are "
            "taken in instead"
        )
