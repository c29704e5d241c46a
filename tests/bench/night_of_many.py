"""A night of many use cases on shared sources, by the jobs: ``make bench-many`` (USE_CASES=50 SOURCES=20).

Two of the use cases are broken, one in its declaration and one in its transform: they must hurt no other. Each job is a copy of
a process that has imported what jobs import, as a task of the stack is, two at a time, beside a Spark and an MLflow of this
bench's own on free ports. Airflow runs no task here: its part is parsing the DAG files.

One model is trained, by the jobs of train and gate. The other use cases have the same features by name: each gets a registered
version of its own with the same model file, since training fifty would measure training.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jobs.preload  # noqa: F401
from include.orchestration import job_copy
from lakehouse.settings import PROJECT_ROOT
from stack.credentials import Credentials
from stack.environment import environment
from stack.plan import Plan
from stack.ports import Ports
from tests.services import Running
from tests.use_cases import chain_of_bakeries as chain

START = dt.date(2024, 3, 1)
TRAINED_FOR = START + dt.timedelta(days=chain.HISTORY_DAYS)
# Its window of drift has a week of scores.
NIGHT = TRAINED_FOR + dt.timedelta(days=7)
AT_ONCE = 2


@dataclass(frozen=True)
class Ran:
    """A job's end: its command line, exit code, wall and processor seconds, and the last line of what it said."""

    arguments: tuple[str, ...]
    code: int
    seconds: float
    processor: float
    said: str


def main() -> int:
    """Measure, print a table in Markdown, and fail where a broken use case has hurt another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--use-cases", type=int, default=50)
    parser.add_argument("--sources", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        plan = Plan(
            root / "stack", Ports.free(), str(root / "warehouse"), str(root / "landing"), str(root / "use_cases")
        )
        chain.declare(root / "use_cases", options.use_cases, options.sources)
        broken = chain.break_two(root / "use_cases", options.use_cases)
        plan.state_root.mkdir()
        os.environ |= environment(plan, Credentials.load_or_create(plan.state_root), os.environ)
        rows = [*loaded(broken[0])]
        with served(plan):
            prepare(root, options, broken)
            rows += night(options, broken)
    what = f"{options.use_cases} use cases on {options.sources} sources, {AT_ONCE} jobs at a time"
    print(f"\n| {what} | jobs | wall s | processor s | s a job |")
    print("| --- | --- | --- | --- | --- |")
    for row in rows:
        print(row)
    return 0


@contextmanager
def served(plan: Plan) -> Any:
    """A Spark and an MLflow meanwhile."""
    services = [Running(plan, name) for name in ("spark", "mlflow")]
    try:
        for service in services:
            service.begin()
        for service in services:
            service.wait()
        yield
    finally:
        for service in services:
            service.stop()


def loaded(broken: str) -> Iterable[str]:
    """Loading all declarations in a new process, for the first time and again, and parsing the DAG files."""
    script = (
        "import time\nfrom lakehouse.declaration import loader\nbegan = time.process_time()\nfound = loader.find()\n"
        "print(time.process_time() - began, sum(one.error is not None for one in found))"
    )
    for which in ("first", "again"):
        said = subprocess.run(
            [sys.executable, "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
        )
        took, errors = said.stdout.split()
        assert errors == "1", said.stdout
        yield f"| load every declaration, {which} | | | {float(took):.2f} | |"
    command = [sys.executable, "-m", "tests.bench.parse_seconds", str(PROJECT_ROOT / "dags")]
    airflow = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins")}
    said = subprocess.run(
        command, cwd=PROJECT_ROOT, env=os.environ | airflow, capture_output=True, text=True, check=True
    )
    found = json.loads(said.stdout.splitlines()[-1])
    assert len(found["errors"]) == 1 and broken in str(found["errors"]), found["errors"]
    first, again = found["seconds"]
    yield f"| parse all DAG files ({found['dags']} DAGs), beyond Airflow's import, first | | {first[0]:.2f} | {first[1]:.2f} | |"
    yield f"| the same once more in that process | | {again[0]:.2f} | {again[1]:.2f} | |"


def prepare(root: Path, options: argparse.Namespace, broken: tuple[str, str]) -> None:
    """History, a model for each use case, and a week of scores before the night."""
    chain.deliver(root / "landing", START, NIGHT, options.sources)
    first = chain.use_case_names(options.use_cases)[0]
    before = NIGHT - dt.timedelta(days=1)
    expect_done(run(ingesting(options.sources, START, before)))
    days = (f"--partition={START}", f"--through={before}")
    expect_done(run([("features", f"--use-case={first}", *days)]))
    for stage in ("train", "gate"):
        expect_done(run([(stage, f"--use-case={first}", f"--partition={TRAINED_FOR}")]))
    right = [name for name in chain.use_case_names(options.use_cases) if name not in broken]
    with multiprocessing.get_context("spawn").Pool(1) as apart:
        apart.apply(give_models, (first, [name for name in right if name != first] + [broken[1]]))
    days = (f"--partition={TRAINED_FOR}", f"--through={before}")
    # The night before is monitored too: a night then counts its own day, and not the week before it.
    for stage in ("features", "score", "monitor"):
        expect_done(run([(stage, f"--use-case={name}", *days) for name in right]))


def ingesting(sources: int, first: dt.date, last: dt.date) -> list[tuple[str, ...]]:
    """The jobs that take in these days; a day's sales come a week later."""
    ahead = {"plan": 0, "sales": 7}
    names = chain.source_names(sources)
    shifts = {name: dt.timedelta(days=ahead[name.split("_")[0]]) for name in names}
    return [
        (
            "ingest",
            f"--source={name}",
            f"--partition={max(first - shifts[name], START)}",
            f"--through={last - shifts[name]}",
        )
        for name in names
    ]


def night(options: argparse.Namespace, broken: tuple[str, str]) -> Iterable[str]:
    """Every stage of one night, of all use cases."""
    names = chain.use_case_names(options.use_cases)
    stages = {"ingest": ingesting(options.sources, NIGHT, NIGHT)}
    for stage in ("features", "score", "monitor"):
        stages[stage] = [(stage, f"--use-case={name}", f"--partition={NIGHT}") for name in names]
    total: list[Ran] = []
    whole = time.monotonic()
    for stage, asked in stages.items():
        began = time.monotonic()
        ran = run(asked)
        wall = time.monotonic() - began
        total += ran
        failed = {one.arguments[1].removeprefix("--use-case="): one.said for one in ran if one.code}
        assert set(failed) == (set() if stage == "ingest" else set(broken)), failed
        for name, said in failed.items():
            print(f"{stage} {name}: {said}")
        yield line(f"night: {stage}", ran, wall)
    yield line("night: all", total, time.monotonic() - whole)


def line(what: str, ran: list[Ran], wall: float) -> str:
    """A row of the table."""
    each = sorted(one.seconds for one in ran if one.code == 0)
    processor = sum(one.processor for one in ran)
    return f"| {what} | {len(ran)} | {wall:.1f} | {processor:.1f} | {each[len(each) // 2]:.2f} |"


def run(asked: list[tuple[str, ...]]) -> list[Ran]:
    """Run the jobs, so many at a time as there are cores."""
    with multiprocessing.get_context("fork").Pool(AT_ONCE) as pool:
        return pool.map(run_one, asked, chunksize=1)


def run_one(arguments: tuple[str, ...]) -> Ran:
    """Run one job, in a copy of this process."""
    # A pool's process is a daemon, which may have no children by itself.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    _, output, wait = job_copy.start(arguments, {}, 0)
    said = output.read().decode(errors="replace").strip().splitlines()
    code, after = wait(), resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(arguments, code, time.monotonic() - began, used, said[-1] if said else "")


def expect_done(ran: list[Ran]) -> None:
    """Stop where a job failed."""
    if failed := [one for one in ran if one.code]:
        raise SystemExit("\n".join(f"{' '.join(one.arguments)}: {one.said}" for one in failed))


def give_models(first: str, names: list[str]) -> None:
    """Register the first use case's champion under each name, and make it champion there by the audit log."""
    from jobs.train.tracking import registration
    from lakehouse.models import champion_record, mlflow_client
    from lakehouse.ops import model_events
    from lakehouse.ops.model_events import Event

    model, client = champion_record.champion(first), mlflow_client.client()
    source = client.get_model_version(first, str(model.version)).source
    logged = source.removeprefix("models:/")
    for name in names:
        client.create_registered_model(name)

        def create(name: str = name) -> int:
            copied = client.create_model_version(
                name, source, model.run_id, tags=dict(model.tags), await_creation_for=0, model_id=logged
            )
            return int(copied.version)

        made = registration.with_unused_number(name, create, lambda number: None)
        registration.complete(made, "bench", {})
        now = dt.datetime.now(dt.UTC)
        event = Event(name, made.version, model_events.PROMOTED, None, "bench", "a copy", {}, made.run_id, now)
        assert champion_record.change(event)


if __name__ == "__main__":
    sys.exit(main())
