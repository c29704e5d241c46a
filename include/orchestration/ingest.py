"""The operator that ingests: the job, waiting for a delivery that is not due yet, and a line about nights that were missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from include.orchestration import connections, fork, missed_nights, other_host, partition_key
from include.orchestration.job import JobOperator
from lakehouse.errors import DeliveryMissing

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.exceptions import AirflowException

LOOK_AGAIN = dt.timedelta(minutes=5)
# As Airflow calls a run that its timetable made.
SCHEDULED = "scheduled"


class IngestOperator(JobOperator):
    """Runs the job `ingest`. A delivery that has not landed is waited for until it is due by its source's ``freshness``.

    While it waits the task is *deferred*: it occupies no worker, and looks again every five minutes. Once the delivery is due
    the task fails, as it does at once for a source that declares no freshness.

    A scheduled run also says which days before its own were missed: the schedule catches up from the oldest night on, so what lies
    before this one is left to a person.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job; see `JobOperator.execute`."""
        run = context.get("dag_run")
        connections.reach_store()
        if run is not None and run.run_type == SCHEDULED and run.partition_key:
            with other_host.or_another(context):
                self._say_what_is_left_behind(partition_key.parse(run.partition_key))
        return super().execute(context)

    def _say_what_is_left_behind(self, before: dt.date) -> None:
        from lakehouse.arrivals import freshness
        from lakehouse.declaration import loader

        owner, source = loader.by_source(self.options["source"])
        days = fork.ask(lambda: freshness.left_behind(owner, source, before, dt.datetime.now(dt.UTC)))
        if days:
            self.log.warning("%s", missed_nights.line(source.name, days, owner.calendar.catch_up_nights))

    def failed(self, error: AirflowException, result: Mapping[str, Any]) -> NoReturn:
        """Wait for a delivery that is missing and not due yet; raise any other error."""
        due = self._due() if result.get("error") == DeliveryMissing.__name__ else None
        now = dt.datetime.now(dt.UTC)
        if due is None or now >= due:
            raise error
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        self.log.info("%s: %s; it is due by %s, and looked for again until then", self.stage, error, due.isoformat())
        self.defer(trigger=DateTimeTrigger(min(now + LOOK_AGAIN, due)), method_name="look_again")

    def look_again(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Run the job again after waiting."""
        return super().execute(context)

    def _due(self) -> dt.datetime | None:
        """When the last of the days is due; None for a source that declares no freshness."""
        # Imported here: the scheduler need not load the ledger's reader, which freshness imports, to parse a DAG.
        from lakehouse.arrivals import freshness
        from lakehouse.declaration import loader

        owner, source = loader.by_source(self.options["source"])
        last = self.options.get("through") or self.options["partition"]
        return freshness.due_at(owner, source, partition_key.parse(last)) if source.freshness else None
