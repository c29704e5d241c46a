"""A copy of the task's process that becomes ``python -m jobs ...``: in milliseconds, and with the modules that it has imported."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, TextIO

from setproctitle import setproctitle

from lakehouse import settings

TASKS_SIGNALS = (signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2)


def start(
    arguments: Sequence[str], environment: Mapping[str, str], niceness: int
) -> tuple[int, IO[bytes], Callable[[], int]]:
    """Start the job; its number, its output, and what waits for its end and returns the exit code."""
    reading, writing = os.pipe()
    copy = multiprocessing.get_context("fork").Process(
        target=_become_job, args=(arguments, environment, niceness, writing)
    )
    # A task that is stopped in this very moment handles the signal afterwards, and the copy does not handle it as the task.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        copy.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.close(writing)

    def wait() -> int:
        copy.join()
        assert copy.exitcode is not None
        return copy.exitcode

    assert copy.pid is not None
    return copy.pid, open(reading, "rb"), wait


def _become_job(arguments: Sequence[str], environment: Mapping[str, str], niceness: int, output: int) -> None:
    os.setsid()
    for number in TASKS_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    os.nice(niceness)
    kept = _take_descriptors(output)
    _forget_logging()
    atexit._clear()
    multiprocessing.set_start_method(None, force=True)
    os.environ.update(environment)
    os.chdir(settings.PROJECT_ROOT)
    setproctitle(" ".join(["python -m jobs", *arguments]))
    sys.argv = ["jobs", *arguments]
    try:
        runpy.run_module("jobs", run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
        del kept


def _take_descriptors(output: int) -> list[TextIO]:
    """Write to ``output`` alone, and leave all else that the task has open: its supervisor waits for the end of these pipes.

    Returns:
        The outputs that the task had. When nothing holds them they are closed, and their descriptors are ours now.
    """
    for number in (1, 2):
        os.dup2(output, number)
    had = [sys.stdout, sys.stderr]
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    nothing = os.open(os.devnull, os.O_RDWR)
    # Not closed but pointed to nothing: objects that close theirs later would close a file of the job's with that number.
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != nothing:
            os.dup2(nothing, int(name), inheritable=False)
    return had


def _forget_logging() -> None:
    """Log and warn as a new interpreter does: the task's handlers write to its supervisor."""
    known = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    for logger in (logging.root, *known):
        logger.handlers.clear()
        logger.filters.clear()
        logger.propagate, logger.disabled = True, False
        logger.setLevel(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)
    logging.disable(logging.NOTSET)
    sys.excepthook = sys.__excepthook__
    warnings.showwarning = _show_warning


def _show_warning(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
    print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)
