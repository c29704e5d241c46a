"""The datasets' main job, from installed packages to a published folder: ``make demo-dataset``.

Every step is one that a user takes by hand, by the jobs' command line. It is offline: the documents are the READMEs of the
installed packages, the database an emulator of MongoDB in memory, and the built-in summariser answers. Repeated, it finds all of
it done.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

from pymongo import MongoClient

from include.package_readmes.demo import readmes, summary
from lakehouse.declaration import datasets
from lakehouse.declaration.dataset import Dataset
from lakehouse.ops import dataset_versions
from stack import mongo_emulator, steps
from stack.errors import StackError
from stack.lifecycle import running_stack
from stack.plan import Plan
from stack.running import RunningStack

NAME = "package_readmes"
# A delivery each: what was installed first; a correction, and what is asked to be erased after that.
FIRST, SECOND = dt.date(2026, 1, 5), dt.date(2026, 1, 6)
CORRECTED, ERASED = "tabulate", "click"
CORRECTION = (
    "\n\nThis README was corrected: the package also writes tables for wikis and for typesetting, and it keeps the alignment of "
    "columns that hold decimal numbers of different length.\n"
)
CORES = len(os.sched_getaffinity(0))


def main() -> int:
    """Run the demo and print what happened. Exit code 1, and one line with the reason, when a step failed."""
    try:
        run(Plan.from_environ())
    except (StackError, subprocess.CalledProcessError) as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Interrupted; what was started is stopped again. make demo-dataset goes on where it stopped.",
            file=sys.stderr,
        )
        return 130
    return 0


def run(plan: Plan) -> None:
    """Make two versions of the dataset, with a correction and an erasure in between, and print what each has."""
    parts: dict[str, float] = {}
    dataset = datasets.by_name(NAME)
    done = {event.version for event in dataset_versions.published(NAME)}
    with ExitStack() as scope:
        if not {1, 2} <= done:
            with steps.timed("starting MLflow, and an emulator of MongoDB", parts):
                stack = scope.enter_context(running_stack(plan, only=["mlflow"]))
                emulator = scope.enter_context(mongo_emulator.running())
            found = list(readmes.installed())
        if 1 not in done:
            with steps.timed("the READMEs of the installed packages, as documents of the database, into silver", parts):
                deliver(stack, emulator.uri, dataset, found, FIRST)
            with steps.timed("documents, what they are like, summaries, checks, version 1, publication", parts):
                make_version(stack, FIRST, "the first version")
        summary.version(plan.lakehouse_root, dataset, 1)
        if 2 not in done:
            with steps.timed(f"a correction of {CORRECTED}, and an erasure of {ERASED}", parts):
                correct(stack, emulator.uri, dataset, found)
                erase(stack, dataset)
            with steps.timed("version 2: only what changed is made again", parts):
                make_version(stack, SECOND, "a correction and an erasure")
        summary.version(plan.lakehouse_root, dataset, 2)
        summary.changes(plan.lakehouse_root, dataset, ERASED)
    steps.show_times(parts, CORES)


def correct(stack: RunningStack, uri: str, dataset: Dataset, found: list[dict[str, Any]]) -> None:
    """Change one README in the database, and take that day's window in."""
    corrected = [one | {"readme": one["readme"] + CORRECTION} for one in found if one["package"] == CORRECTED]
    deliver(stack, uri, dataset, corrected, SECOND)


def erase(stack: RunningStack, dataset: Dataset) -> None:
    """Take one README out of everything, and keep it out."""
    of_document = ("--source", dataset.documents.source, "--document", ERASED)
    steps.job(stack, "erase", *of_document, "--reason", "its authors asked for it", "--actor", "demo")


def deliver(stack: RunningStack, uri: str, dataset: Dataset, documents: list[dict[str, Any]], day: dt.date) -> None:
    """Change documents in the database on a day, and take that day's window in."""
    mongo = dataset.source.mongo
    assert mongo is not None, "include/sources/readmes/source.yaml has the collection"
    # A day's window ends at the midnight that starts it.
    changed = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(hours=12)
    with MongoClient[dict[str, Any]](uri) as client:
        readmes.seed(client[mongo.database][mongo.collection], documents, changed)
    of_day = ("--source", dataset.source.name, "--partition", str(day))
    steps.job(stack, "extract", *of_day, variables={"MONGO_URI": uri})
    steps.job(stack, "ingest", *of_day)


def make_version(stack: RunningStack, day: dt.date, reason: str) -> None:
    """Take a dataset from silver to a published version."""
    of_day = ("--dataset", NAME, "--partition", str(day))
    for stage in ("documents", "explore", "teach", "check"):
        steps.job(stack, stage, *of_day)
    steps.job(stack, "assemble", *of_day, "--reason", reason, "--actor", "demo")
    steps.job(stack, "release", "--dataset", NAME, "--reason", reason, "--actor", "demo")


if __name__ == "__main__":
    sys.exit(main())
