"""Telling others what a job does, where they are to be told: off by default, and then nothing is imported for it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lakehouse.settings import lineage_target

if TYPE_CHECKING:
    from jobs.command_line import Command
    from lakehouse.lineage.job_run import JobRun

log = logging.getLogger(__name__)


def started(command: Command) -> JobRun | None:
    """The run of this command, whose begin was told; None where nobody is to be told, or nobody can be."""
    try:
        configured = lineage_target.load()
        if configured is None:
            return None
        # Imported here, for it takes three tenths of a second that a job without lineage need not wait.
        from lakehouse.lineage.job_run import JobRun

        run = JobRun(configured, command.stage, command.arguments)
        run.start()
        return run
    except Exception as error:
        # Whatever is wrong with it, the job is more important.
        log.warning("lineage: this run is not told: %s: %s", type(error).__name__, str(error)[:300])
        return None
