"""One run of a job as OpenLineage events: START, then COMPLETE or FAIL. A run that is killed has no end.

What a run read and committed is what it did, noted in `lakehouse.storage.touched`; what it took in is the ledger's; what each day
was built from is ops.builds'. Nothing here may fail a job or hold it up: what goes wrong is a warning.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    error_message_run,
    job_type_job,
    parent_run,
    processing_engine_run,
    set_producer,
)
from openlineage.client.uuid import generate_new_uuid

from lakehouse import code_version
from lakehouse.lineage import commits_made, datasets, declared, facets, redaction
from lakehouse.lineage.sending import Sender
from lakehouse.settings.lineage_target import Lineage
from lakehouse.storage import delta_log, touched
from lakehouse.tables import CALLS

log = logging.getLogger(__name__)

# What of a job's arguments is told: whose rows of which days, by which switches. Keys of persons and reasons are not.
TOLD = ("use_case", "source", "group", "version", "dataset", "partition", "through", "model_version")
# Tables of the platform's own that rows of others are made from; the others are books that every job looks into.
DATA_AMONG_OPS = (CALLS.full_name,)


class JobRun:
    """A run that is told.

    Args:
        configured: to whom, and whose child it is.
        stage: which job.
        arguments: its parsed arguments.
        sender: sends the events; one of its own when not given.
    """

    def __init__(self, configured: Lineage, stage: str, arguments: object, sender: Sender | None = None) -> None:
        self._configured, self._stage = configured, stage
        self._arguments = vars(arguments) if dataclasses.is_dataclass(arguments) else {}
        self._sender = Sender(configured) if sender is None else sender
        self.run_id = str(generate_new_uuid())
        self._touched = touched.watch()
        set_producer(facets.producer())

    @property
    def job_name(self) -> str:
        """The job's name: the stage, and whose."""
        group = self._arguments.get("group")
        of = f"{group}_v{self._arguments.get('version')}" if group else None
        whose = of or next(
            (found for name in ("use_case", "source", "dataset") if (found := self._arguments.get(name))), None
        )
        return f"{self._stage}.{whose}" if whose else self._stage

    def start(self) -> None:
        """Tell that it has begun."""
        self._tell(RunState.START, {}, [], [])

    def complete(self, result: Mapping[str, Any]) -> None:
        """Tell that it is done, with what it read and wrote."""
        self._end(RunState.COMPLETE, {"status": str(result.get("status", "")), "exitCode": 0})

    def fail(self, kind: str, message: str, exit_code: int) -> None:
        """Tell that it has failed, with what it had read and written by then."""
        error = error_message_run.ErrorMessageRunFacet(str(redaction.redacted(message)), "PYTHON")
        self._end(RunState.FAIL, {"exitCode": exit_code, "errorKind": kind}, {"errorMessage": error})

    def _end(self, state: RunState, said: Mapping[str, Any], more: Mapping[str, RunFacet] | None = None) -> None:
        notes = self._touched
        touched.stop()
        try:
            inputs, outputs = self._gathered(notes)
        except Exception as error:
            log.warning("lineage: what the job read and wrote is not told: %s", redaction.redacted(str(error))[:300])
            inputs, outputs = [], []
        self._tell(state, said, inputs, outputs, more)

    def _gathered(self, notes: touched.Touched) -> tuple[list[InputDataset], list[OutputDataset]]:
        known = declared.load().tables
        models = list(notes.models_read.values())
        inputs = [
            datasets.table_read(name, known.get(name), version)
            for name, version in sorted(notes.read.items())
            if not name.startswith("ops.") or name in DATA_AMONG_OPS
        ]
        inputs += datasets.models_read(models)
        outputs = [
            datasets.table_written(name, one, commits_made.of(one.table, versions), models)
            for name, versions in sorted(notes.committed.items())
            if versions and (one := known.get(name)) is not None and delta_log.exists(one.table)
        ]
        outputs += datasets.models_made(notes.models_made.values())
        if source := self._arguments.get("source"):
            if self._stage == "ingest":
                first, last = self._arguments.get("partition"), self._arguments.get("through")
                inputs.append(datasets.landing_read(source, first, last or first))
            if self._stage == "extract":
                outputs.append(datasets.landing_written(source))
        return inputs, outputs

    def _tell(
        self,
        state: RunState,
        said: Mapping[str, Any],
        inputs: list[InputDataset],
        outputs: list[OutputDataset],
        more: Mapping[str, RunFacet] | None = None,
    ) -> None:
        try:
            event = RunEvent(
                eventType=state,
                eventTime=dt.datetime.now(dt.UTC).isoformat(),
                producer=facets.producer(),
                run=Run(self.run_id, {**self._run_facets(said), **(more or {})}),
                job=Job(self._configured.namespace, self.job_name, _job_facets()),
                inputs=inputs,
                outputs=outputs,
            )
            self._sender.send(event)
        except Exception as error:
            log.warning("lineage: no event could be made: %s", redaction.redacted(str(error))[:300])

    def _run_facets(self, said: Mapping[str, Any]) -> dict[str, RunFacet]:
        told = {name: str(self._arguments[name]) for name in TOLD if self._arguments.get(name) is not None}
        own: dict[str, RunFacet] = {
            facets.RUN: facets.JobRunFacet(self._stage, told, code_version.version(), **said),
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(code_version.RELEASE, "nightjar"),
        }
        if (parent := _parent(self._configured)) is not None:
            own["parent"] = parent
        return own


def _job_facets() -> dict[str, JobFacet]:
    return {"jobType": job_type_job.JobTypeJobFacet("BATCH", "NIGHTJAR", "JOB")}


def _parent(configured: Lineage) -> parent_run.ParentRunFacet | None:
    """The task's run, and the DAG's; None where there is none, or the texts are not of the usual form."""
    if configured.parent is None:
        return None
    try:
        namespace, job, run = _identity(configured.parent)
        root = None
        if configured.root is not None:
            of_root, name, identity = _identity(configured.root)
            root = parent_run.Root(run=parent_run.RootRun(identity), job=parent_run.RootJob(of_root, name))
        return parent_run.ParentRunFacet(run=parent_run.Run(run), job=parent_run.Job(namespace, job), root=root)
    except ValueError as error:
        log.warning("lineage: the parent run is not named as namespace/job/run: %s", error)
        return None


def _identity(text: str) -> tuple[str, str, str]:
    namespace, job, run = text.rsplit("/", 2)
    return namespace, job, run
