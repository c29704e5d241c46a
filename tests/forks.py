"""A process that has imported what takes long, and forks for each piece of work: a start costs nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakehouse.settings import PROJECT_ROOT


class Forks:
    """The process of a module that ends with `serve`; what it and its forks say is in ``log``."""

    def __init__(self, module: str, log: Path, environ: Mapping[str, str] | None = None) -> None:
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": said},
                **{"text": True, "cwd": PROJECT_ROOT, "env": environ},
            )

    def run(self, work: Sequence[str], environ: Mapping[str, str]) -> int:
        """How the fork that did ``work`` in this environment ended: its exit code, or less than 0 the signal that killed it."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        print(json.dumps([work, dict(environ)]), file=asked, flush=True)
        answer = answers.readline()
        assert answer, self.said
        return int(answer)

    @property
    def said(self) -> str:
        """The end of what was said."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


def serve(do: Callable[..., Any]) -> None:
    """Fork for each piece of work that is asked for, and tell how it ended."""
    for line in sys.stdin:
        work, environ = json.loads(line)
        if (pid := os.fork()) == 0:
            os.dup2(2, 1)
            os.environ.clear()
            os.environ.update(environ)
            # An error ends the fork as it ends any process.
            sys.exit(do(*work))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
