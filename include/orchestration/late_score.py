"""The operator that scores the days that have no scores at the declared hour: by the champion if it can, else by the fallbacks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from include.orchestration import connections
from include.orchestration.job import JobOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class LateScoreOperator(JobOperator):
    """Runs the score job for a run's days, and is skipped when all of them have scores.

    The job itself asks the champion first. It does not wait for a service that is away: the hour has come.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job.

        Raises:
            AirflowSkipException: the days are scored, or none of them is due. Others as `JobOperator.execute`.
        """
        connections.reach_store()
        late = self.late([dt.date.fromisoformat(day) for day in self._days()])
        if not late:
            raise AirflowSkipException("every day has scores: no fallback is needed")
        self.log.info("no scores yet of %s", ", ".join(map(str, late)))
        return super().execute(context)

    def late(self, days: list[dt.date]) -> list[dt.date]:
        """Those of the days that have no scores in the champion's role."""
        # Here, not above: DAG files are parsed without them.
        from lakehouse import tables
        from lakehouse.declaration import loader
        from lakehouse.models import registry
        from lakehouse.storage import delta_log

        table = tables.scores(loader.by_name(self.options["use-case"]))
        scored = delta_log.rows_by_day(table, role=registry.CHAMPION) if delta_log.exists(table) else {}
        return [day for day in days if day not in scored]
