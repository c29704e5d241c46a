"""How long the status page takes: ``make bench-status``.

Fifty use cases with two years of nights each, as the tables look on a Saturday, before `maintain` compacts the ledger's last days.
They are made through the one door, without Spark: one use case's tables are written, and copied for the others. Then processes of
their own answer as Airflow's API server does, login and permissions included: one that never answered before; one that starts
again, asked once, again, and after a night in which every table has changed; and one that starts again after a night that nobody
looked at. Imports are not counted, but for what a first request still imports.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.ops import model_events
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import commits, delta_log, file_layout
from lakehouse.tables import DELIVERIES, MODEL_EVENTS
from tests import status_nights as nights
from tests.status_nights import A_DAY, NOW, TODAY

# Since the ledger was compacted, on Sunday.
OPEN_DAYS = 6
# Of so many nights each has commits of its own, with a checkpoint after twenty; those before them came in one.
OWN_COMMITS = 30
ASKED_OF = ("first ever", "after a restart", "restart after a night", "after a night", "again")
ASKED = ("/", "/use-cases/copy_000", "/sources/copy_000_bookings")


def main() -> int:
    """Make the lakehouse, ask, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--use-cases", type=int, default=50)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--night", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask is not None:
        print(json.dumps(ask(given.ask, given.night)), file=sys.__stdout__)
        return 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as scratch:
        root = Path(scratch)
        at_home(root)
        began = time.monotonic()
        make(root, given.use_cases, given.days)
        print(
            f"made {given.use_cases} use cases with {given.days} nights in {time.monotonic() - began:.0f} s", flush=True
        )
        never = asked_of(root)
        restarted = asked_of(root, "--night")
        night(loader.declared(), TODAY + A_DAY)
        show(never, restarted, asked_of(root))
    return 0


def asked_of(root: Path, *night: str) -> dict[str, Any]:
    """What a process of its own takes."""
    command = [sys.executable, "-m", "tests.bench.status_page", "--ask", str(root), *night]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def at_home(root: Path) -> None:
    """This process, and those that it starts, work in ``root``."""
    os.environ |= {
        "LAKEHOUSE_ROOT": str(root / "warehouse"),
        "NIGHTJAR_HOME": str(root / "state"),
        "USE_CASE_ROOTS": str(root / "use_cases"),
        "AIRFLOW_HOME": str(root / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": "of the benchmark alone, and of nothing else, 64 bytes or more of it",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        # Nothing listens there.
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
    }


def make(root: Path, count: int, days: int) -> None:
    """The lakehouse: so many use cases with so many nights."""
    made = [
        nights.declare(root / "use_cases", f"copy_{number:03d}", calendar={"start": TODAY - days * A_DAY})
        for number in range(count)
    ]
    first, nightly = made[0], nights.back(days)
    for some in (nightly[:-OWN_COMMITS], *([day] for day in nightly[-OWN_COMMITS:])):
        nights.built(first, some)
        nights.scored(first, some)
        nights.scored(first, some, 2, "challenger")
        nights.judged(first, some, some[::9])
        nights.measured(first, some)
    for use_case in made[1:]:
        for table, own in zip(tables.of_use_case(first), tables.of_use_case(use_case), strict=True):
            if delta_log.exists(table):
                shutil.copytree(delta_log.location(table), delta_log.location(own), copy_function=os.link)
    for use_case in made:
        for name in use_case.reads:
            nights.arrived(name, nights.back(days - OPEN_DAYS, TODAY - OPEN_DAYS * A_DAY))
    file_layout.compact(DELIVERIES)
    for day in nights.back(OPEN_DAYS):
        for use_case in made:
            for name in use_case.reads:
                nights.arrived(name, [day])
    commits.replace_rows(MODEL_EVENTS, [row for use_case in made for row in history(use_case, days)], "true")


def history(use_case: UseCase, days: int) -> list[dict[str, Any]]:
    """A registration a week, every fourth promoted."""
    rows = []
    for week in range(days // 7):
        at = NOW - dt.timedelta(days=days - 7 * week)
        event = model_events.PROMOTED if week % 4 == 0 else model_events.HELD
        for name in (model_events.REGISTERED, event):
            rows.append(
                nights.row(
                    MODEL_EVENTS, model_name=use_case.name, model_version=week + 1, event=name, actor="jobs.gate",
                    reason="log loss better by 0.012 beyond noise", evidence=json.dumps({"numbers": list(range(200))}),
                    run_id="r", happened_at=at,
                )
            )  # fmt: skip
    return rows


def ask(root: Path, with_night: bool) -> dict[str, Any]:
    """What this process, which has imported nothing of the page yet, takes."""
    at_home(root)
    began, before = time.monotonic(), memory()
    from fastapi.testclient import TestClient

    from include.status_page import clock
    from tests import status_server

    clock.now = lambda: NOW
    (root / "airflow.db").unlink(missing_ok=True)
    with status_server.airflow(root) as sessions:
        use_cases = loader.declared()
        stages = ("features", "score", "monitor", "train", "rollback", "restate")
        status_server.dag(sessions, *(f"{stage}__{one.name}" for one in use_cases for stage in stages))
        status_server.dag(sessions, *(f"ingest__{name}" for one in use_cases for name in one.reads))
        client = TestClient(status_server.mounted(), headers={"Authorization": f"Bearer {status_server.token()}"})
        imported, held = time.monotonic() - began, memory()

        def get(path: str) -> tuple[float, float]:
            asked, worked = time.monotonic(), time.process_time()
            answer = client.get(f"/nightjar{path}")
            assert answer.status_code == 200, answer.text
            return time.monotonic() - asked, time.process_time() - worked

        first = [get(path) for path in ASKED]
        opened = memory()
        again = [median([get(path) for _ in range(9)]) for path in ASKED]
        if with_night:
            night(use_cases, TODAY)
        changed = [get(path) for path in ASKED]
    return {"imported": imported, "first": first, "again": again, "changed": changed, "memory": [before, held, opened]}


def median(found: list[tuple[float, float]]) -> tuple[float, float]:
    """The middle of each."""
    waited, worked = zip(*found, strict=True)
    return statistics.median(waited), statistics.median(worked)


def night(use_cases: list[UseCase], day: dt.date) -> None:
    """Every table that the overview reads has further commits: the ledger one a delivery."""
    for use_case in use_cases:
        for name in use_case.reads:
            nights.arrived(name, [day])
        for write in (nights.built, nights.scored, nights.judged):
            made: Callable[[UseCase, list[dt.date]], None] = write
            made(use_case, [day])
        nights.happened(use_case.name, model_events.HELD, 200, NOW)


def memory() -> float:
    """What this process holds, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def show(never: dict[str, Any], restarted: dict[str, Any], after_night: dict[str, Any]) -> None:
    """The table."""
    cores = len(os.sched_getaffinity(0))
    print(f"\n| on {cores} cores, s (of a processor) | {' | '.join(ASKED_OF)} |\n| --- |{' --- |' * len(ASKED_OF)}")
    columns = (never["first"], restarted["first"], after_night["first"], restarted["changed"], restarted["again"])
    for name, *each in zip(("overview", "use case", "source"), *columns, strict=True):
        print(f"| {name} | {' | '.join(f'{waited:.2f} ({worked:.2f})' for waited, worked in each)} |")
    for which, found in (("without copies", never), ("with them", restarted)):
        before, held, opened = found["memory"]
        print(
            f"\n{which}: imports {found['imported']:.1f} s; {before:.0f} MB before them, {held:.0f} after, "
            f"{opened:.0f} after the first pages"
        )
    load, *_ = os.getloadavg()
    print(f"\nload of the machine: {load:.1f}")


if __name__ == "__main__":
    sys.exit(main())
