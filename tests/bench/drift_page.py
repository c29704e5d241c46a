"""What the drift page of a night costs, beside Evidently's: ``make bench-drift-page``, after ``make demo`` and with MLflow up.

On a copy of the lakehouse whose history of verdicts is made 60 days long. Each job runs in a process of its own that has imported
what the stack's tasks are copied from, and, for Evidently's page, has a warm Spark; nothing of that is counted. Seconds of a
processor are told beside those of the clock, which others on the machine lengthen. Then a whole new process. Last, a page of 60
nights of the same flights with measured alarms, drawn from memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

USE_CASE, DAY = "flight_delays", dt.date(2013, 6, 29)
HISTORY = 60
PAGE, EVIDENTLY, MEASURED = "page", "evidently", "measured"


def _timed(work: Callable[[], object]) -> dict[str, float]:
    # What Spark's server takes of a core is in the clock alone.
    began, before = time.perf_counter(), psutil.Process().cpu_times()
    work()
    after = psutil.Process().cpu_times()
    used = after.user + after.system - before.user - before.system
    return {"clock": round(time.perf_counter() - began, 2), "processor": round(used, 2)}


def _page(evidently: bool) -> dict[str, float]:
    """One job, warm; the page is logged again, whatever the run has."""
    import jobs.preload  # noqa: F401
    from jobs.report import drift_run, job
    from lakehouse import tables
    from lakehouse.declaration import loader
    from lakehouse.storage import partition_rows, spark_session, spark_tables

    use_case = loader.by_name(USE_CASE)
    rows = partition_rows.read(tables.drift(use_case), [DAY])
    run = drift_run.find(use_case.name, DAY.isoformat(), drift_run.experiment(use_case.name))
    bare = drift_run.DriftRun(run.experiment_id, run.run_id, {}, run.artifacts)
    if evidently:
        session = spark_session.session("bench")
        spark_tables.read_days(session, tables.features(use_case), [DAY]).count()
        return _timed(lambda: job._with_evidently(bare, use_case, DAY, rows))
    return _timed(lambda: job._with_page(bare, use_case, DAY, rows))


def _measured() -> dict[str, float]:
    """A night of the flights with measured alarms: reading the profile, and drawing."""
    from jobs.report import page
    from lakehouse import settings
    from lakehouse.evaluation.drift_profile import Profile
    from tests.bench.alarm_flights import Flights
    from tests.jobs.report import made_nights

    flights = Flights.of(Path(settings.load().lakehouse_root))
    stage = flights.stage(600, 1)
    kept = stage.days[-HISTORY:]
    night = made_nights.of_stage(flights.use_case, type(stage)(**{**vars(stage), "days": kept}))
    assert night.profile is not None
    text, made = night.profile.to_json(), list[str]()
    found = _timed(lambda: (Profile.from_json(text), made.append(page.html(page.content(night)))))
    return found | {"nights": len(kept), "bytes": len(made[0].encode()), "profile_bytes": len(text)}


def _longer(lakehouse: Path) -> None:
    """Verdicts of the days before the first one, each as some later day's."""
    from lakehouse import tables
    from lakehouse.declaration import loader
    from lakehouse.storage import partition_rows, small_tables

    table = tables.drift(loader.by_name(USE_CASE))
    rows = small_tables.read(table)
    days = sorted({row["partition"] for row in rows if row["partition"] <= DAY})
    first = days[0]
    wanted = [first - dt.timedelta(days=back) for back in range(1, HISTORY - len(days) + 1)]
    by_day = {day: [row for row in rows if row["partition"] == day] for day in days}
    copies = [row | {"partition": day} for place, day in enumerate(wanted) for row in by_day[days[place % len(days)]]]
    partition_rows.replace(table, sorted(wanted), copies)


def main(argv: list[str]) -> int:
    """Measure in processes of their own; ``--only`` is such a process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=(PAGE, EVIDENTLY, MEASURED))
    parser.add_argument("--turns", type=int, default=3, help="of which the least is told")
    options = parser.parse_args(argv)
    if options.only:
        found = _measured() if options.only == MEASURED else _page(options.only == EVIDENTLY)
        print(json.dumps(found))
        return 0
    from lakehouse import settings

    with tempfile.TemporaryDirectory(prefix="nightjar-bench-") as scratch:
        copy = Path(scratch) / "warehouse"
        for layer in ("gold", "ops", "silver"):
            shutil.copytree(Path(settings.load().lakehouse_root) / layer, copy / layer)
        os.environ["LAKEHOUSE_ROOT"] = str(copy)
        _longer(copy)
        for what in (PAGE, EVIDENTLY, MEASURED):
            turns = [_child(["-m", "tests.bench.drift_page", "--only", what]) for _ in range(options.turns)]
            print(f"{what:10} {min(turns, key=lambda turn: turn['processor'])}", flush=True)
        job = ["-m", "jobs", "report", "--use-case", USE_CASE, "--partition", DAY.isoformat()]
        took = []
        for _ in range(options.turns):
            before = os.times()
            subprocess.run([sys.executable, *job], check=True, capture_output=True)
            after = os.times()
            used = after.children_user + after.children_system - before.children_user - before.children_system
            took.append({"clock": round(after.elapsed - before.elapsed, 2), "processor": round(used, 2)})
        print(f"{'new process':10} {min(took, key=lambda turn: turn['processor'])}")
    return 0


def _child(arguments: list[str]) -> dict[str, float]:
    found = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if found.returncode != 0:
        raise SystemExit(found.stderr[-2000:])
    measured: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
