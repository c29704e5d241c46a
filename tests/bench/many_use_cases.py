"""What a hundred use cases cost Airflow: ``make bench-dags``.

Copies of one use case are declared in a folder of their own, parsed in a process of their own, and shown by a stack of their own:
nothing of the user's is read or written. Ports are free ones.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import requests
import yaml

from lakehouse.settings import PROJECT_ROOT
from stack import compiled
from stack.airflow_client import AirflowClient
from stack.lifecycle import running_stack
from stack.plan import Plan
from stack.ports import Ports
from stack.running import RunningStack
from tests.bench import proc_usage

MODEL = PROJECT_ROOT / "tests" / "dags" / "use_cases" / "parcels"
# What the page of all DAGs asks for.
PAGE = ("/ui/dags?limit=50&offset=0&order_by=dag_display_name&dag_runs_limit=14&exclude_stale=true", "/ui/config")
PAGE += ("/api/v2/importErrors?limit=1", "/api/v2/dags?limit=50&exclude_stale=true", "/api/v2/dagTags?limit=50")
PATIENCE_SECONDS = 900
LOOK_SECONDS = 120


@dataclass(frozen=True)
class Costs:
    """Of so many use cases."""

    dags: int
    first: float
    again: float
    all_shown: float
    edit_shown: float
    page: float
    share: float


def main() -> int:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--use-cases", type=int, nargs="+", default=[1, 100], help="how many, one or several numbers")
    counts: list[int] = parser.parse_args().use_cases
    costs = [measure(count) for count in counts]
    print(f"\n| on {len(os.sched_getaffinity(0))} cores, use cases | {' | '.join(map(str, counts))} |")
    print(f"| --- |{' --- |' * len(counts)}")
    for what, form, name in (
        ("DAGs", "d", "dags"),
        ("all DAG files in one process, beyond Airflow's import, processor s", ".2f", "first"),
        ("the same once more in that process", ".2f", "again"),
        ("from `make up` until Airflow shows them all, s", ".0f", "all_shown"),
        ("from an edited title until Airflow shows it, s", ".0f", "edit_shown"),
        ("the requests of the page of all DAGs, one after the other, s", ".2f", "page"),
        ("DAG processor at rest, % of a core", ".1f", "share"),
    ):
        print(f"| {what} | {' | '.join(format(getattr(one, name), form) for one in costs)} |")
    return 0


def measure(count: int) -> Costs:
    """What ``count`` use cases cost."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        declare(root / "use_cases", count)
        parsed = parse(root)
        home = root / "stack"
        plan = Plan(home, Ports.free(), str(root / "warehouse"), str(root / "landing"), str(root / "use_cases"))
        began = time.monotonic()
        with running_stack(plan) as stack:
            shown(stack, "/api/v2/dags?limit=1&exclude_stale=true", f'"total_entries":{parsed["dags"]}')
            all_shown = time.monotonic() - began
            page = min(sum(ask(stack, path)[0] for path in PAGE) for _ in range(3))
            edit_shown = edit(stack, root / "use_cases" / "copy_000" / "use_case.yaml")
            share = at_rest(home)
    first, again = (processor for _, processor in parsed["seconds"])
    return Costs(parsed["dags"], first, again, all_shown, edit_shown, page, share)


def declare(root: Path, count: int) -> None:
    """Declare so many copies of a use case, each with sources of its own."""
    text = (MODEL / "use_case.yaml").read_text()
    sources = "|".join(source["name"] for source in yaml.safe_load(text)["sources"])
    for number in range(count):
        name = f"copy_{number:03d}"
        shutil.copytree(MODEL, root / name)
        own = re.sub(rf"\b({sources})\b", rf"\1_{number:03d}", text)
        own = re.sub(r"^name: .*$", f"name: {name}", own, count=1, flags=re.MULTILINE)
        (root / name / "use_case.yaml").write_text(own)


def parse(root: Path) -> dict:
    """What parsing the DAG folder took, in a process without a stack."""
    environment = os.environ | {
        "AIRFLOW_HOME": str(root / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
        "NIGHTJAR_HOME": str(root / "home"),
        "USE_CASE_ROOTS": str(root / "use_cases"),
    }
    # As before a stack's services start.
    compiled.ensure()
    command = [sys.executable, "-m", "tests.bench.parse_seconds", str(PROJECT_ROOT / "dags")]
    done = subprocess.run(command, env=environment, cwd=PROJECT_ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-1500:])
    found = json.loads(done.stdout.splitlines()[-1])
    if found["errors"]:
        raise SystemExit(found["errors"])
    return found


def ask(stack: RunningStack, path: str) -> tuple[float, str]:
    """Seconds until Airflow has answered, and its answer."""
    session = AirflowClient(stack)._session
    began = time.monotonic()
    answer = session.get(stack.plan.airflow_url + path, timeout=60)
    if answer.status_code != requests.codes.ok:
        raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")
    return time.monotonic() - began, answer.text


def shown(stack: RunningStack, path: str, text: str) -> None:
    """Wait until an answer of Airflow's has this text."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while text not in ask(stack, path)[1]:
        if time.monotonic() > deadline:
            raise SystemExit(f"{path}: {text} is not there after {PATIENCE_SECONDS} s")
        time.sleep(1)


def edit(stack: RunningStack, declaration: Path) -> float:
    """Seconds from an edit of a declaration until Airflow shows it."""
    declaration.write_text(re.sub("^title: .*$", "title: Edited", declaration.read_text(), count=1, flags=re.MULTILINE))
    began = time.monotonic()
    shown(stack, f"/api/v2/dags/score__{declaration.parent.name}", "Scores of Edited")
    return time.monotonic() - began


def at_rest(home: Path) -> float:
    """The share of a core that the DAG processor takes when all is parsed, in percent."""
    time.sleep(LOOK_SECONDS)
    before, began = proc_usage.by_service(home)["dag-processor"], time.monotonic()
    time.sleep(LOOK_SECONDS)
    used = proc_usage.by_service(home)["dag-processor"].processor_seconds - before.processor_seconds
    return 100 * used / (time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
