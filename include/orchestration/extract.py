"""The task that reads a source from MongoDB, or by the use case's own code, before its files are taken in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)

from include.orchestration import connections, partition_key
from lakehouse.declaration import loader
from lakehouse.errors import NightjarError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from lakehouse.declaration import Source, UseCase


class ExtractOperator(BaseOperator):
    """Lands what changed in a source's MongoDB collection, or what its ``fetch`` yields, as a delivery that the next task takes in.

    A collection it reads through Airflow's MongoHook, here in the task's own process and in bounded memory: it needs no Spark,
    and the password stays in the connection. Where Airflow has no such connection the task is skipped, and files are taken
    in as they were landed.

    Args:
        source: name of a source with a ``mongo`` or a ``fetch`` section.
        partition: the day, or the first of a range. (templated)
        through: the last day; empty for just the first. A range is one window, the delivery of its last day. (templated)
        mongo_connection: the Airflow connection.
    """

    template_fields: Sequence[str] = ("source", "partition", "through")
    ui_color = "#e4f0e8"

    def __init__(
        self,
        *,
        source: str,
        partition: str,
        through: str = "",
        mongo_connection: str = "mongo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.partition = partition
        self.through = through
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
            use_case, source = loader.by_source(self.source)
            read = self._of_mongo if source.fetch is None else self._by_fetch
            result = read(use_case, source, first, last)
        except NightjarError as error:
            message = f"{type(error).__name__}: {error}"
            raise AirflowException(message) if error.retryable else AirflowFailException(message) from error
        self.log.info("extract done: %s", result)
        return result

    def _of_mongo(self, use_case: UseCase, source: Source, first: dt.date, last: dt.date) -> dict[str, Any]:
        # Parsing a DAG needs neither the driver nor the provider.
        from airflow.providers.mongo.hooks.mongo import MongoHook

        from lakehouse.extraction import connection
        from lakehouse.extraction.extract import extract

        try:
            hook = MongoHook(self.mongo_connection)
        except AirflowNotFoundException:
            raise AirflowSkipException(
                f"Airflow has no connection {self.mongo_connection}, so {self.source} is not read from MongoDB: files in its "
                "landing folder are taken in instead"
            ) from None
        with connection.by(hook.get_conn, f"the connection {self.mongo_connection}") as client:
            return extract(client, use_case, source, first, last, dt.datetime.now(dt.UTC))

    def _by_fetch(self, use_case: UseCase, source: Source, first: dt.date, last: dt.date) -> dict[str, Any]:
        from lakehouse.extraction import fetch

        return fetch.extract(use_case, source, first, last, dt.datetime.now(dt.UTC), connections.service)
