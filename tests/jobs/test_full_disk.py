"""A full disk: a clear error, and nothing lost when there is room again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def may_mount() -> bool:
    """Whether this machine lets us have a mount namespace: containers often do not."""
    return (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not may_mount(), reason="needs user namespaces to mount a small disk")
def test_a_full_disk_is_named_and_the_rerun_is_complete(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"}
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "tests.jobs.full_disk", str(tmp_path)],
        cwd=PROJECT,
        env=environment | {"SPARK_MASTER": "local[2]", "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["full"]["error"] == "ServiceUnavailable", told
    assert "the disk is full" in told["full"]["message"]
    assert told["full"]["retryable"] is True
    assert told["again"]["exit_code"] == 0, told
    assert told["again"]["accepted_rows"] == told["rows"] == told["keys"] == 61 * 18
