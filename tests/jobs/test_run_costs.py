"""What a run costs in ops.costs is what the kernel says that it has used, whatever else uses the Spark server meanwhile."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from pyspark.sql import SparkSession

from jobs.__main__ import main
from lakehouse.errors import BadArguments, DeliveryMissing
from lakehouse.ops import cost_journal, costs
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import commits
from tests.jobs.bakery_days import DAY
from tests.recorded_runs import AT, a_run, declare_rates
from tests.use_cases import bakery

BAKERY = ("--use-case", "bakery_sales", "--partition")


@dataclass
class Kernel:
    """What the kernel says.

    Attributes:
        processes: processor seconds of the jobs' processes and of what they waited for.
        most: the most memory that each had, in bytes.
        server: processor seconds of Spark's processes meanwhile.
    """

    processes: float = 0.0
    most: dict[int, int] = field(default_factory=dict)
    server: float = 0.0


def rows(stage: str | None = None) -> list[dict[str, Any]]:
    """The runs in the table, of a stage or of all, by their days."""
    found = [row for row in costs.read().to_pylist() if stage in (None, row["stage"])]
    return sorted(found, key=lambda row: (row["stage"], str(row["partition"])))


def start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "jobs", *command], cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL)


def run(*commands: tuple[str, ...]) -> Kernel:
    """Run jobs as processes, all at once, and have the kernel count."""
    port, kernel = urlsplit(os.environ["SPARK_REMOTE"]).port, Kernel()
    server = next(
        psutil.Process(found.pid)
        for found in psutil.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port
    )
    before = _seconds(server)
    running = {start(*command).pid for command in commands}
    while running:
        # What wait4 says of memory is that of anyone who started the process, where that has more.
        for pid in running:
            with suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
                kernel.most[pid] = int(found[1]) * 1024 if found else kernel.most[pid]
        time.sleep(0.02)
        pid, status, used = os.wait4(-1, os.WNOHANG)
        if pid in running:
            assert os.waitstatus_to_exitcode(status) == 0
            kernel.processes += used.ru_utime + used.ru_stime
            running.remove(pid)
    kernel.server = _seconds(server) - before
    return kernel


def _seconds(server: psutil.Process) -> float:
    """With those that have ended: their time is their parent's, and that of a parent that has none is nobody's."""
    return sum(sum(process.cpu_times()[:4]) for process in (server, *server.children(recursive=True)))


@pytest.mark.process
def test_a_run_costs_what_the_kernel_counts_in_its_process_and_in_spark(spark: SparkSession, arrived: Path) -> None:
    kernel = run(("features", *BAKERY, DAY.isoformat()))
    [row] = rows()
    assert row["processor_seconds"] == pytest.approx(kernel.processes + kernel.server, rel=0.1)
    # The server also does a little by itself before and after, and the kernel counts in hundredths of a second.
    assert row["spark_seconds"] == pytest.approx(kernel.server, rel=0.1, abs=0.05)
    assert row["spark_known"] == "alone"
    assert row["memory_bytes"] == pytest.approx(next(iter(kernel.most.values())), rel=0.1)
    files = [file for file in arrived.glob("gold/*_features/**/*.parquet")]
    assert sum(file.stat().st_size for file in files) <= row["bytes_written"]
    assert (row["rows"], row["commits"], row["predictions"]) == (len(bakery.SHOPS) * len(bakery.BREADS), 2, 0)
    assert 0 < row["wall_seconds"] == pytest.approx((row["ended_at"] - row["started_at"]).total_seconds(), abs=0.1)


@pytest.mark.process
def test_the_parts_of_two_runs_at_once_are_the_whole(spark: SparkSession, arrived: Path) -> None:
    days = [DAY + dt.timedelta(days=offset) for offset in range(3)]
    ends = ("--through", days[2].isoformat())
    kernel = run(("features", *BAKERY, days[0].isoformat()), ("features", *BAKERY, days[1].isoformat(), *ends))
    one, more = rows()
    whole = kernel.processes + kernel.server
    assert one["processor_seconds"] + more["processor_seconds"] == pytest.approx(whole, rel=0.1)
    # Quick as they are, they may just miss each other in the server: then each has what it did alone.
    assert {one["spark_known"], more["spark_known"]} <= {"divided", "alone"}
    assert min(one["spark_seconds"], more["spark_seconds"]) > 0.05 * kernel.server
    assert (more["partition"], more["through"], more["rows"]) == (days[1], days[2], 2 * one["rows"])


@pytest.mark.process
def test_a_killed_run_is_recorded_by_the_next_one_as_it_was_last_seen(lakehouse_root: Path, tmp_path: Path) -> None:
    lakehouse_root.mkdir()
    killed = start("features", *BAKERY, DAY.isoformat())
    while not any(file.stat().st_size for file in (tmp_path / "state").glob("costs/*/*.open")):
        assert killed.poll() is None
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    assert main(["groups"]) == 0
    row, other = rows()
    assert (row["stage"], row["status"], row["error"], row["partition"]) == ("features", "killed", None, DAY)
    assert row["processor_seconds"] > 0.1
    assert (other["stage"], other["status"], other["outcome"]) == ("groups", "done", "listed")
    assert not [file for file in (tmp_path / "state/costs").rglob("*") if file.suffix in (".open", ".json")]


def test_a_run_that_fails_costs_too(lakehouse_root: Path) -> None:
    lakehouse_root.mkdir()
    assert main(["ingest", "--source", "bakery_plan", "--partition", DAY.isoformat()]) == DeliveryMissing.exit_code
    [row] = rows()
    assert (row["status"], row["error"], row["outcome"]) == ("failed", "DeliveryMissing", None)
    assert (row["use_case"], row["source"], row["actor"]) == ("bakery_sales", "bakery_plan", f"cli:{getpass.getuser()}")


def test_a_run_of_other_stages_inside_is_one_run_with_all_that_they_do(
    spark: SparkSession, arrived: Path, landing_root: Path
) -> None:
    assert main(["features", *BAKERY, DAY.isoformat()]) == 0
    corrected = DAY - dt.timedelta(days=7)
    bakery.write(landing_root, "bakery_sales_counted", corrected, ["shop,bread,sold", "canal,rye,500"])
    assert main(["ingest", "--source", "bakery_sales_counted", "--partition", corrected.isoformat()]) == 0
    assert main(["restate", *BAKERY, DAY.isoformat()]) == 0
    first, _, restated = rows()
    assert [row["stage"] for row in rows()] == ["features", "ingest", "restate"]
    assert restated["rows"] == first["rows"] > 0
    assert restated["spark_seconds"] > 0


def test_a_look_at_a_lakehouse_that_is_not_there_makes_none_and_is_taken_in_later(
    lakehouse_root: Path,
) -> None:
    assert main(["groups"]) == 0
    assert not lakehouse_root.exists()
    lakehouse_root.mkdir()
    assert main(["groups"]) == 0
    assert len(rows()) == 2


def test_the_stage_costs_records_who_was_killed_and_costs_again(
    lakehouse_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lakehouse_root.mkdir()
    killed = a_run(status="killed", stage="train")
    (cost_journal.folder()).mkdir(parents=True)
    (cost_journal.folder() / f"{killed.run_id}.open").write_text(json.dumps(killed.as_json()), encoding="utf-8")
    assert main(["costs"]) == 0
    assert [row["status"] for row in rows()] == ["done", "killed"]
    assert main(["costs", "--again"]) == BadArguments.exit_code
    assert "rates.yaml" in capsys.readouterr().err
    declare_rates(tmp_path / "use_cases")
    assert main(["costs", "--again", "--partition", AT.date().isoformat(), "--through", AT.date().isoformat()]) == 0
    assert [row["money"] for row in rows("train")] == [3.75]
    assert {row["outcome"] for row in rows("costs")} == {"recorded", None}


def test_a_run_whose_costs_can_t_be_written_is_done_all_the_same(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> None:
        raise OSError("no space left")

    lakehouse_root.mkdir()
    with monkeypatch.context() as broken:
        broken.setattr(commits, "amend_rows", refused)
        assert main(["groups"]) == 0
    assert "not in ops.costs yet (OSError: no space left)" in caplog.text
    assert rows() == []
    costs.fold()
    assert len(rows()) == 1
