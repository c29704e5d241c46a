"""A full disk and one that can't be written to: a clear error, and nothing lost when it is mended."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import with_own_spark

PROJECT = Path(__file__).resolve().parents[2]


def may_mount() -> bool:
    """Whether this machine lets us have a mount namespace: containers often do not."""
    return (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
    )


pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not may_mount(), reason="needs user namespaces to mount a disk"),
]


def told(scenario: str, folder: Path) -> Any:
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "tests.jobs.narrow_disk", scenario, str(folder)],
        cwd=PROJECT,
        env=with_own_spark(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_full_disk_is_named_and_the_rerun_is_complete(tmp_path: Path) -> None:
    found = told("full", tmp_path)
    assert found["first"]["error"] == "ServiceUnavailable", found
    assert "the disk is full" in found["first"]["message"]
    assert found["first"]["retryable"] is True
    assert found["again"]["exit_code"] == 0, found
    assert found["again"]["accepted_rows"] == found["rows"] == found["keys"] == 20 * 18


def test_a_landing_folder_that_can_not_be_written_to_is_named_and_the_rerun_is_complete(tmp_path: Path) -> None:
    found = told("read_only", tmp_path)
    assert found["first"] == 31
    assert "expected to write it, found: Read-only file system" in found["said"]
    assert "Traceback" not in found["said"]
    assert (found["again"], found["files"]) == (0, [f"weather/2013-01-0{day}.csv" for day in (2, 3, 4)])
