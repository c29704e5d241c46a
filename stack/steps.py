"""The steps of a program that shows the platform: a job as a user runs it, and how long each took."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lakehouse import settings
from stack.errors import StackError
from stack.running import RunningStack


@contextmanager
def timed(what: str, parts: dict[str, float]) -> Iterator[None]:
    """Print the step that begins, and record its seconds."""
    print(f"* {what}", flush=True)
    began = time.monotonic()
    yield
    parts[what] = time.monotonic() - began


def job(stack: RunningStack, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
    """Run a job as a user would, and show its last line.

    Args:
        stack: whose services the job finds.
        arguments: of ``python -m jobs``.
        variables: of the job's environment, besides those of the stack.

    Raises:
        StackError: with the job's own error line.
    """
    command = [sys.executable, "-m", "jobs", *arguments]
    environ = {**stack.env, **(variables or {})}
    ended = subprocess.run(command, env=environ, cwd=settings.PROJECT_ROOT, capture_output=True, text=True)
    lines = ended.stderr.strip().splitlines() or ["it printed nothing"]
    if ended.returncode != 0:
        raise StackError(f"python -m jobs {' '.join(arguments)}: {lines[-1]}")
    print(f"    {lines[-1].partition('INFO jobs: ')[2] or lines[-1]}", flush=True)


def show_times(parts: Mapping[str, float], cores: int) -> None:
    """Print how long each step took, and all together."""
    print(f"\nHow long it took, on {cores} cores:")
    for what, seconds in parts.items():
        print(f"  {seconds:6.0f} s  {what}")
    print(f"  {sum(parts.values()):6.0f} s  in all")
