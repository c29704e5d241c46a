"""What a run of a job uses, from its first moment to its last, for ``ops.costs``. Nothing here fails a run.

The kernel counts the processor time of the job's process with its threads, of what it has started, and of a Spark server that it
works with (`lakehouse.storage.spark_use`). What is outside, such as the Airflow task that started the job, MLflow and databases, is
not the run's.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobs.arguments import Arguments
from lakehouse import settings
from lakehouse.metering import written
from lakehouse.metering.process_tree import ProcessTree
from lakehouse.ops import cost_journal
from lakehouse.ops.cost_journal import OpenRun
from lakehouse.ops.run_cost import DONE, FAILED, KILLED, RunCost
from lakehouse.storage import spark_use

log = logging.getLogger(__name__)

# What a killed run has used is known but for so much time.
BEAT_SECONDS = 1.0
# The actor of a run that names none.
NOBODY = "job"


class RunMeter:
    """Measures one run.

    Args:
        whole_process: the process is the job's alone, and all that it has used since it began is the run's; else what it uses
            from now on.
    """

    def __init__(self, whole_process: bool = False) -> None:
        where = settings.load()
        self.run_id = uuid.uuid4().hex
        # spark-submit is a process of Java's, which is the driver and has started this one.
        self._tree = ProcessTree(os.getppid() if where.under_spark_submit else os.getpid())
        age = self._tree.age if whole_process else 0.0
        self._started = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age)
        self._since = time.monotonic() - age
        self._before = 0.0 if whole_process else self._tree.seconds(look=True)
        self._written = written.so_far()
        self._named: dict[str, Any] = {}
        self._open: OpenRun | None = None
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="run meter", daemon=True)
        spark_use.begin(self.run_id)

    def name(self, stage: str, arguments: Arguments) -> None:
        """What the run is: from now on what it has used is in the journal, also when it is killed."""
        self._named = {"stage": stage, **_of(arguments)}
        try:
            self._open = OpenRun(self.run_id)
            self._open.write(self._used(KILLED))
            self._beating.start()
        except OSError as error:
            log.warning("costs: what this run uses can't be noted (%s), and is not recorded", error)

    def end(self, result: Mapping[str, Any], error: str | None = None) -> None:
        """The run has ended: note what it has used, and take it into the table.

        Args:
            result: the result of the stage.
            error: the class of the error that ended it.
        """
        self._ended.set()
        if self._open is None:
            spark_use.end()
            return
        self._beating.join()
        try:
            # What it imports is used by this run too, and so comes before the last look.
            from lakehouse.ops import costs

            self._named |= _of_result(result)
            used = self._used(FAILED if error else DONE)
            spark_use.end()
            # What recording takes is known afterwards. It takes as long as it took the run before.
            used = replace(used, processor_seconds=used.processor_seconds + cost_journal.recording())
            began = time.process_time()
            self._open.end(replace(used, error=error, outcome=None if error else str(result.get("status", ""))))
            if not (self._named["stage"] == "upgrade" and result.get("status") == "planned"):
                # The table may be one of those that an upgrade would add: the list of its steps adds none.
                costs.fold()
            cost_journal.recorded(time.process_time() - began)
        except Exception as failed:
            log.warning(
                "costs: what this run has used is not in ops.costs yet (%s: %s); the journal keeps it for the next run",
                type(failed).__name__,
                " ".join(str(failed).split())[:300],
            )

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                assert self._open is not None
                self._open.write(self._used(KILLED))
            except Exception as error:
                log.debug("costs: no note of this moment: %s", error)

    def _used(self, status: str) -> RunCost:
        memory = self._tree.resident()
        spark = spark_use.note()
        so_far = written.so_far().since(self._written)
        return RunCost(
            run_id=self.run_id,
            **self._named,
            started_at=self._started,
            ended_at=dt.datetime.now(dt.UTC),
            status=status,
            wall_seconds=time.monotonic() - self._since,
            processor_seconds=self._tree.seconds() - self._before + (spark[0] if spark else 0.0),
            spark_seconds=spark[0] if spark else None,
            spark_known=spark[1] if spark else None,
            memory_bytes=memory,
            rows=so_far.rows,
            predictions=so_far.predictions,
            commits=so_far.commits,
            bytes_written=so_far.bytes,
            host=socket.gethostname(),
            host_kind=settings.host_kind(),
        )


def _of(arguments: Arguments) -> dict[str, Any]:
    """The columns that a run's arguments fill."""

    def given(name: str) -> Any:
        return getattr(arguments, name, None) or None

    group, version = given("group"), given("version")
    through = given("through")
    return {
        "use_case": given("use_case") or _owner(given("source")),
        "source": given("source"),
        "dataset": given("dataset"),
        "feature_group": f"{group} v{version}" if group and version else group,
        "partition": given("partition"),
        "through": through if through != given("partition") else None,
        "actor": arguments.actor or NOBODY,
    }


def _owner(source: str | None) -> str | None:
    """The use case that declares a source of its own; None where it is shared, or not declared rightly."""
    if source is None:
        return None
    from lakehouse.declaration import UseCase, loader

    try:
        owner = loader.by_source(source)[0]
    except Exception:
        return None
    return owner.name if isinstance(owner, UseCase) else None


def _of_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a stage's result fills."""
    version, several = result.get("model_version"), result.get("model_versions")
    if version is None and isinstance(several, list) and len(several) == 1:
        version = several[0]
    return {"model_version": version if isinstance(version, int) and not isinstance(version, bool) else None}
