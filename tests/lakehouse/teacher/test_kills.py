"""A run that is killed at any moment is gone on with: nothing is lost, little is paid twice, and the books say what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT_ROOT


@pytest.mark.process
def test_killed_again_and_again_a_run_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    # A process of its own: it is copied, and this one has threads. ``make torture-teacher`` does more of the same.
    command = [sys.executable, "-m", "tests.teacher_kills", "--kills", "10", "--seed", "3"]
    environ = os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("10 kills, ")
