"""Children of the task's process: copies of it, which start in milliseconds and have imported what it has."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from airflow.sdk.exceptions import AirflowException

Answer = TypeVar("Answer")
THREADS = Path("/proc/self/task")

_fork = multiprocessing.get_context("fork")


def possible() -> bool:
    """Whether this process can be copied.

    A copy has one thread alone: whatever another one held or was about to do stays as it is for ever. So it can't where a
    library has started threads, as delta-rs does with the first table that it opens, nor on macOS, whose own libraries have.
    A Celery worker's process is a daemon in the sense of multiprocessing, and those have no children.
    """
    daemon = multiprocessing.current_process().daemon
    return sys.platform == "linux" and not daemon and len(os.listdir(THREADS)) == 1


def ask(question: Callable[[], Answer]) -> Answer:
    """What ``question`` returns, in a copy of this process where there can be one: so this one stays fit to be copied.

    Raises:
        AirflowException: the copy ended without an answer. Whatever ``question`` raises is raised here.
    """
    if not possible():
        return question()
    receiving, sending = _fork.Pipe(duplex=False)
    copy = _fork.Process(target=_answer, args=(question, sending))
    copy.start()
    sending.close()
    try:
        answer, error = receiving.recv()
    except EOFError:
        copy.join()
        raise AirflowException(f"reading the tables ended with exit code {copy.exitcode}") from None
    copy.join()
    if error is not None:
        raise error
    found: Answer = answer
    return found


def _answer(question: Callable[[], Any], sending: Any) -> None:
    try:
        sending.send((question(), None))
    except Exception as error:
        sending.send((None, error))
