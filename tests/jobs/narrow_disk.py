"""A full disk and one that can't be written to: a clear error, and nothing lost when that has changed.

``tests/jobs/test_spark_in_process.py`` runs this file in a mount namespace of its own, where any disk can be mounted without
being root.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from include.flight_delays.demo.feed import main as feed
from jobs.__main__ import main as job
from lakehouse.storage import arrow_dataset
from tests.use_cases import bakery

pytestmark = pytest.mark.process

FIRST, LAST = dt.date(2024, 3, 1), dt.date(2024, 3, 20)


def test_a_full_disk_is_named_and_the_rerun_is_complete(
    spark: SparkSession, lakehouse_root: Path, landing_root: Path
) -> None:
    bakery.deliver(landing_root, FIRST, LAST)
    with disk(lakehouse_root, "size=72k"):
        exit_code, first = ingest(landing_root.parent)
        assert exit_code != 0 and first["error"] == "ServiceUnavailable", first
        assert "the disk is full" in first["message"]
        assert first["retryable"] is True
        mount("-o", "remount,size=200m", str(lakehouse_root))
        exit_code, again = ingest(landing_root.parent)
        assert exit_code == 0, again
        location = str(lakehouse_root / "silver/bakery_plan")
        rows = arrow_dataset.open_dataset(DeltaTable(location), location).to_table(["partition", "shop", "bread"])
        keys = {tuple(row.values()) for row in rows.to_pylist()}
    assert again["accepted_rows"] == len(rows) == len(keys) == 20 * 18


def test_a_landing_folder_that_can_not_be_written_to_is_named_and_the_rerun_is_complete(
    landing_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--from", "2013-01-02", "--to", "2013-01-04", "--source", "weather"]
    with disk(landing_root, "ro"):
        assert feed(asked) == 31
        message = capsys.readouterr().err
        assert "expected to write it, found: Read-only file system" in message
        assert "Traceback" not in message
        mount("-o", "remount,rw", str(landing_root))
        assert feed(asked) == 0
        files = sorted(str(file.relative_to(landing_root)) for file in landing_root.rglob("*") if file.is_file())
    assert files == [f"weather/2013-01-0{day}.csv" for day in (2, 3, 4)]


def ingest(folder: Path) -> tuple[int, dict[str, Any]]:
    """The job's exit code and its result."""
    file = folder / "result.json"
    asked = ["ingest", "--source", "bakery_plan", "--partition", str(FIRST), "--through", str(LAST)]
    return job([*asked, "--result", str(file)]), json.loads(file.read_text())


@contextmanager
def disk(folder: Path, options: str) -> Iterator[None]:
    """A disk in memory at ``folder``."""
    folder.mkdir()
    mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def mount(*arguments: str) -> None:
    """Call mount(8)."""
    subprocess.run(["mount", *arguments], check=True)
