"""Kill the stages of a dataset at random moments, and compare what is published with an undisturbed run.

``python -m tests.dataset_kills --kills 200 --seed 1`` (``make torture-datasets``). A delivery a day, each taken through all stages
from documents to publication, at a service with every fault. Each attempt is a copy of this process, which has everything loaded
and has opened no table yet.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jobs import stages
from jobs.assemble.arguments import AssembleArguments
from jobs.check.arguments import CheckArguments
from jobs.documents.arguments import DocumentsArguments
from jobs.release.arguments import ReleaseArguments
from jobs.teach.arguments import TeachArguments
from tests import mlflow_server, teacher_server
from tests.jobs import notes
from tests.teacher_kills import LATE, copy, lives_for

DAYS, NOTES = 10, 12
CONCURRENCY, LATENCY = 4, 0.02
# Between two deliveries so many kills are spread over the stages, until all have been made.
STAGES = ("documents", "teach", "check", "assemble", "release")
ROOMS = tuple(f"jobs.{name}.job" for name in STAGES)
# A killed run may have paid more: the end of the names of what that is, and the card, which tells it.
COSTS, CARD = "micros", "README.md"


def main() -> None:
    """Print what came of it; fails when something did not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name in (*LATE, *ROOMS, "lakehouse.teacher.calling", "mlflow"):
        importlib.import_module(name)
    folder = Path(tempfile.mkdtemp(prefix="datasets-"))
    began = time.monotonic()
    faults = ",".join(fault for fault in teacher_server.FAULTS if fault != "silent")
    manners = (f"--latency={LATENCY}", f"--faults={faults}", "--share=0.3", f"--seed={given.seed}")
    with mlflow_server.running(_made(folder / "mlflow")) as mlflow, teacher_server.apart(*manners) as url:
        os.environ["MLFLOW_TRACKING_URI"] = mlflow
        killed = lived(folder / "killed", url, random.Random(given.seed), given.kills)
        accounts = teacher_server.bill(url)["accounts"]
        lived(folder / "undisturbed", url, random.Random(0), 0)
    problems = compared(folder / "killed", folder / "undisturbed")
    again = sum(max(one["billed"] - one["spoiled"] - 1, 0) for one in accounts.values())
    if again > given.kills * CONCURRENCY:
        problems.append(f"{again} calls were paid again, expected at most {given.kills * CONCURRENCY}")
    stages_hit = ", ".join(f"{name} {count}" for name, count in killed.items())
    print(
        f"{given.kills} kills ({stages_hit}), {len(accounts)} calls, {DAYS} versions, {time.monotonic() - began:.0f} s: {again} "
        f"calls paid again (at most {given.kills * CONCURRENCY}); {len(problems)} difference(s) from an undisturbed run"
    )
    if problems:
        sys.exit("\n".join([*problems[:10], f"seed {given.seed}; what is left lies in {folder}"]))
    shutil.rmtree(folder)


def lived(folder: Path, url: str, dice: random.Random, kills: int) -> dict[str, int]:
    """Ten deliveries taken through all stages, each stage killed until its share of the kills is used up; the kills by stage."""
    _made(folder)
    os.environ |= {
        "LAKEHOUSE_ROOT": str(folder / "warehouse"),
        "NIGHTJAR_HOME": str(folder / "state"),
        "USE_CASE_ROOTS": str(folder / "roots"),
    }
    hit, left = dict.fromkeys(STAGES, 0), kills
    took = dict.fromkeys(STAGES, 1.0)
    for number in range(DAYS):
        day = notes.DAY + dt.timedelta(days=number)
        assert not lives_for(copy(partial(_deliver, folder / "roots", url, number)), 120)
        share = left // (DAYS - number)
        for at, name in enumerate(STAGES):
            of_stage = share // (len(STAGES) - at)
            share -= of_stage
            while of_stage:
                child = copy(partial(_run, name, day))
                if lives_for(child, dice.uniform(0, 1.1 * took[name])):
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    hit[name], left = hit[name] + 1, left - 1
                    of_stage -= 1
                elif name != "teach":
                    # It is done; what is done has nothing to kill, so that the next stage gets the rest.
                    share += of_stage
                    break
            began = time.monotonic()
            assert not lives_for(copy(partial(_run, name, day)), 300), f"{name} of {day} does not end"
            took[name] = min(time.monotonic() - began, 5.0)
    return hit


def compared(killed: Path, undisturbed: Path) -> list[str]:
    """What is published of every version, but for what it cost."""
    problems = []
    versions = [sorted(one.name for one in _published(root).glob("v*")) for root in (killed, undisturbed)]
    if versions[0] != versions[1]:
        problems.append(f"published are {versions[0]}, undisturbed {versions[1]}")
    for name in versions[1]:
        ours, theirs = _published(killed) / name, _published(undisturbed) / name
        files = sorted(file.relative_to(theirs) for file in (theirs / "data").glob("*"))
        if files != sorted(file.relative_to(ours) for file in (ours / "data").glob("*")):
            problems.append(f"{name} has other files")
        problems += [
            f"{name}/{file} differs" for file in files if (ours / file).read_bytes() != (theirs / file).read_bytes()
        ]
        told = [_without_costs(json.loads((root / "manifest.json").read_text())) for root in (ours, theirs)]
        problems += [
            f"{name}/manifest.json: {field} differs" for field in told[1] if told[0].get(field) != told[1][field]
        ]
    if left := [str(file) for file in (killed / "warehouse" / ".calls").rglob("*.jsonl")]:
        problems.append(f"{len(left)} files of the journal are left")
    return problems


def _without_costs(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    return {name: _without_costs(value) for name, value in said.items() if not name.endswith(COSTS) and name != CARD}


def _published(root: Path) -> Path:
    return root / "warehouse" / "datasets" / notes.NAME


def _deliver(roots: Path, url: str, number: int) -> None:
    """Declare the dataset, and deliver new notes, a correction of an old one, and one that is gone."""
    _declare(roots, url)
    found = [notes.note(f"n{number}-{at}", notes.text(100 * number + at)) for at in range(NOTES)]
    if number:
        found.append(notes.note(f"n{number - 1}-0", notes.text(100 * number + 50)))
        found.append(notes.note(f"n{number - 1}-1", notes.text(100 * number - 99), gone=True))
    notes.deliver(*found, day=notes.DAY + dt.timedelta(days=number))


def _declare(roots: Path, url: str) -> None:
    service: dict[str, Any] = {
        "by": "service",
        "url": url,
        "model": "m",
        "prompt": "prompt.md",
        "max_tokens": 50,
        "concurrency": CONCURRENCY,
        "variants": [{"name": "cold", "temperature": 0}, {"name": "warm", "temperature": 0.8, "seed": 1}],
    }
    notes.declare(
        roots,
        files={"prompt.md": "Write a summary of two sentences for people in a hurry.\n{{ document }}"},
        teacher=service,
        budget={"money": 100, "cost_per_million_tokens": {"input": 0.15, "output": 0.6}},
        check={"language": "any"},
        gate={"most_change": 1},
    )


def _run(name: str, day: dt.date) -> None:
    from lakehouse.teacher import calling, journal

    calling.FIRST_WAIT = 0.01
    # Some kills fall into a commit of the table.
    journal.FOLDED_LINES = 40
    of_day: dict[str, Any] = {"dataset": notes.NAME, "partition": day}
    made: dict[str, Callable[[], Any]] = {
        "documents": lambda: DocumentsArguments(**of_day),
        "teach": lambda: TeachArguments(**of_day),
        "check": lambda: CheckArguments(**of_day),
        "assemble": lambda: AssembleArguments(**of_day),
        "release": lambda: ReleaseArguments(dataset=notes.NAME),
    }
    result = stages.STAGES[name].run(made[name]()).as_json()
    assert result["status"] not in ("incomplete", "budget spent", "held"), result


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
