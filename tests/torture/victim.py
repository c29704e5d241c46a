"""A job as Airflow starts it, in a process group of its own that can be killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.settings import PROJECT_ROOT

# Longer than any step takes, and longer than a client waits for a server that comes back.
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code, its result file, and what it said."""

    exit_code: int
    result: Mapping[str, Any]
    said: str
    seconds: float

    @property
    def retryable(self) -> bool:
        """Whether Airflow would try again: the job says in its result that it may."""
        return self.result.get("retryable") is True

    @property
    def last_line(self) -> str:
        """What people read first."""
        return self.said.strip().splitlines()[-1] if self.said.strip() else "it said nothing"

    @property
    def explained(self) -> bool:
        """Whether the last line is an error with a name of its own, and not a stack trace or the class of all errors."""
        return self.last_line.startswith("ERROR ") and not self.last_line.startswith("ERROR NightjarError:")


class Job:
    """A started job; its output and its result lie in ``folder`` under ``name``."""

    def __init__(self, arguments: tuple[str, ...], environ: Mapping[str, str], folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log, self._result = folder / f"{name}.log", folder / f"{name}.json"
        command = [sys.executable, "-m", "jobs", *arguments, "--result", str(self._result)]
        self._began = time.monotonic()
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=dict(environ), cwd=PROJECT_ROOT, stdout=output, stderr=output, start_new_session=True
            )

    def lives_for(self, seconds: float) -> bool:
        """Wait until so many seconds have passed since its start; whether it still runs then."""
        try:
            self._process.wait(timeout=max(0.0, self._began + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """SIGKILL it and all that it started."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> Ended:
        """Wait until it ends by itself."""
        try:
            code = self._process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"a job did not end within {PATIENCE_SECONDS} s; it said:\n{self.said()}") from None
        result = json.loads(self._result.read_text(encoding="utf-8")) if self._result.exists() else {}
        return Ended(code, result, self.said(), time.monotonic() - self._began)

    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")
