"""The sensor that waits until all inputs of a day of a use case's features, or of a feature group, have arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from include.orchestration import connections, other_host, partition_key

if TYPE_CHECKING:
    from airflow.sdk import Context


class InputsArrived(BaseSensorOperator):
    """Waits until the ledger has every delivery that the features of the days need, and the feature groups their days.

    The assets that start the run show that the newest day of each source has arrived. The ledger shows it for the whole
    window, also for a run by hand. Between two checks the sensor frees its slot for other tasks.

    Args:
        use_case: name of the use case. (templated)
        group: or the table name of the feature group.
        partition: first day. (templated)
        through: last day; empty for just the first. (templated)
    """

    template_fields: Sequence[str] = ("use_case", "partition", "through")
    ui_color = "#e6eef7"

    def __init__(
        self,
        *,
        use_case: str = "",
        group: str = "",
        partition: str,
        through: str = "",
        poke_interval: float = 15,
        timeout: float = dt.timedelta(hours=2).total_seconds(),
        mode: str = "reschedule",
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, mode=mode, **kwargs)
        self.use_case = use_case
        self.group = group
        self.partition = partition
        self.through = through

    def poke(self, context: Context) -> bool:
        """Check once.

        Raises:
            AirflowFailException: when the run has no day, or an invalid one. AirflowRescheduleException: this host can't look.
        """
        with other_host.or_another(context):
            return self._are_there()

    def _are_there(self) -> bool:
        # Reading the ledger needs delta-rs, which the scheduler need not load to parse a DAG.
        from lakehouse.arrivals.readiness import missing_inputs
        from lakehouse.declaration import feature_groups, loader

        connections.reach_store()
        days = partition_key.of_run(self.partition, self.through)
        reader = feature_groups.by_table_name(self.group) if self.group else loader.by_name(self.use_case)
        scored = [day for day in map(partition_key.parse, days) if reader.calendar.scores.includes(day)]
        if not scored:
            self.log.info(
                "%s scores none of %s: it waits for nothing", self.use_case, " to ".join({days[0]: 0, days[-1]: 0})
            )
        missing = sorted({item for day in scored for item in missing_inputs(reader, day)})
        if missing:
            shown = ", ".join(missing[:20]) + (f" and {len(missing) - 20} more" if len(missing) > 20 else "")
            self.log.info("%s of %s still waits for: %s", reader.name, " to ".join({days[0]: 0, days[-1]: 0}), shown)
        return not missing
