"""A job as a process beside its task: ``python -m jobs ...``, without a new interpreter where the task's can be copied."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from include.orchestration import fork, job_copy
from lakehouse import settings

if TYPE_CHECKING:
    from airflow.sdk.types import Logger

NICE = 10


@dataclass(frozen=True)
class JobProcess:
    """A running job, in a session of its own.

    Attributes:
        pid: its number.
        output: what it and its children write, to standard output and to standard error.
        wait: waits for its end; returns its exit code, or minus the signal that killed it.
    """

    pid: int
    output: IO[bytes]
    wait: Callable[[], int]

    def follow(self, log: Logger) -> tuple[int, str]:
        """Log each line as it comes, until the job has ended; return its exit code and its last line."""
        line = ""
        # Not closed when the task is timed out: the job, which is then told to end, may still write.
        for raw in self.output:
            line = raw.decode(errors="backslashreplace").rstrip()
            log.info("%s", line)
        exit_code = self.wait()
        self.output.close()
        log.info("The job ended with exit code %s", exit_code)
        return exit_code, line

    def stop(self) -> None:
        """Ask the job, and all that it has started, to end."""
        try:
            # In its first moments a copy is of the task's group still.
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, signal.SIGTERM)
            else:
                os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            return


def start(arguments: Sequence[str], environment: Mapping[str, str], background: bool, log: Logger) -> JobProcess:
    """Start the job.

    Args:
        arguments: the stage and its options.
        environment: variables besides those of this process.
        background: at low priority.
        log: gets the command, for a person to repeat it.
    """
    log.info("Running python -m jobs %s", shlex.join(arguments))
    niceness = NICE if background else 0
    if fork.possible():
        return JobProcess(*job_copy.start(arguments, environment, niceness))
    # Unbuffered, or the job's log lines would reach the task log only when it ends.
    command = [*(("nice", "-n", str(niceness)) if niceness else ()), sys.executable, "-u", "-m", "jobs", *arguments]
    started = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        cwd=settings.PROJECT_ROOT,
        start_new_session=True,
    )
    assert started.stdout is not None
    return JobProcess(started.pid, started.stdout, started.wait)
