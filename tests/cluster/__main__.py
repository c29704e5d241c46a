"""``make cluster-test``: the main job on a native cluster, a fault in every night, and its tables beside an undisturbed run's."""

from __future__ import annotations

import argparse
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tabulate import tabulate

from stack.cluster import lifecycle, machine_fit
from stack.cluster.native import Cluster
from stack.errors import StackError
from stack.termination import sigterm_as_exit
from tests.cluster import compare, faults, history, undisturbed
from tests.cluster.campaign import night
from tests.cluster.faults import DISKS, Fault
from tests.cluster.night import NotSurvived, Told, Watcher
from tests.torture import digests

# What a night takes on two quiet cores when nobody disturbs it: moments are drawn within it, and then by the nights before.
NIGHT_SECONDS = 20.0
HEADERS = {
    "fault": "fault",
    "host": "host",
    "when": "when, what",
    "again": "Airflow tried again",
    "seconds": "night, s",
    "ended": "ended",
    "equal": "equal",
}


@dataclass(frozen=True)
class Line:
    """What came of one fault, as the table has it."""

    fault: str
    host: str
    when: str
    again: str
    seconds: str
    ended: str
    equal: str = ""


@dataclass(frozen=True)
class Moment:
    """When it happens, seconds after the night began, and on which of these hosts, in a drawn order."""

    hosts: list[str]
    seconds: float


def main() -> int:
    """Exit code 0 when every night survived and the tables are equal; 2 where there can't be a cluster; else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument(
        "--faults", default=None, help=f"of {', '.join(fault.name for fault in faults.FAULTS)}; all by default"
    )
    parser.add_argument("--seed", type=int, default=None, help="draws hosts and moments; a random one when not given")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    asked = parser.parse_args()
    try:
        machine_fit.require()
        chosen = faults.chosen(asked.faults)
    except (StackError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    seed = secrets.randbelow(10_000) if asked.seed is None else asked.seed
    names = ",".join(fault.name for fault in chosen)
    print(f"to repeat: make cluster-test FAULTS={names} SEED={seed}", flush=True)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    folder = Path(tempfile.mkdtemp(prefix="nightjar-cluster-")).resolve()
    os.chmod(folder, 0o755)
    try:
        with sigterm_as_exit():
            lines, differences = _run(folder, chosen, random.Random(seed), say)
    except (NotSurvived, StackError, AssertionError) as error:
        print(f"BROKEN: {error}\nseed {seed}; what is left lies in {folder}", flush=True)
        return 1
    finally:
        if not asked.keep:
            lifecycle.down(folder / "cluster")
    print("\n" + tabulate([vars(line) for line in lines], headers=HEADERS, tablefmt="github"))
    print(f"\n{time.monotonic() - began:.0f} s in all, seed {seed}")
    if differences:
        print("BROKEN: differs from the undisturbed run:\n  " + "\n  ".join(differences[:20]))
        print(f"what is left lies in {folder}")
        return 1
    print("every table that is compared equals the undisturbed run's")
    if not asked.keep:
        shutil.rmtree(folder)
    return 0


def _run(
    folder: Path, chosen: list[Fault], chance: random.Random, say: Callable[[str], None]
) -> tuple[list[Line], list[str]]:
    calm = folder / "undisturbed"
    calm.mkdir()
    say("the same campaign undisturbed, by the jobs in one process on a local folder")
    undisturbed.run(calm, len(chosen))
    expected = compare.of_folder(str(calm / "warehouse"), str(calm / "landing"))
    say(f"undisturbed: {len(expected)} parts of {len(digests.tables(expected))} tables")
    cluster = lifecycle.up(folder / "cluster", say, DISKS)
    say("the cluster is up; history, and the first champion")
    watcher = Watcher(cluster)
    history.load(cluster, watcher, say)
    lines, took = [], NIGHT_SECONDS
    for number, fault in enumerate(chosen):
        line, told = _night(cluster, watcher, number, fault, Moment(*faults.draw(fault, chance, took)))
        # So that it happens in mid-work: within the shortest night there was, here and now.
        took = min(took, told.seconds)
        say(f"{line.fault} on {line.host} {line.when}; tried again: {line.again}; {line.seconds} s, ended {line.ended}")
        lines.append(line)
    failed = [f"{line.fault}: {line.ended}" for line in lines if line.ended != "well"]
    differences = digests.differences(compare.of_cluster(cluster), expected)
    for number, line in enumerate(lines):
        day = str(night(number))
        lines[number] = replace(line, equal="NO" if any(day in one for one in differences) else "yes")
    return lines, [*failed, *differences]


def _night(cluster: Cluster, watcher: Watcher, number: int, fault: Fault, moment: Moment) -> tuple[Line, Told]:
    day = night(number)
    if reason := faults.missing(fault):
        told = watcher.end(day, watcher.begin(day))
        return Line(fault.name, "", f"NOT TRIED: {reason}", "", f"{told.seconds:.0f}", _ended(told)), told
    fault.begin(cluster, moment.hosts[0])
    began = watcher.begin(day)
    with ThreadPoolExecutor(max_workers=1) as beside:
        happening = beside.submit(_happen, cluster, watcher, fault, moment, began)
        told = watcher.end(day, began)
        host, what, when = happening.result()
    fault.end(cluster, moment.hosts[0])
    late = " (THE NIGHT HAD ENDED)" if when > told.seconds else ""
    again = ", ".join(f"{task} {count} tries" for task, count in sorted(told.again.items())) or "nothing"
    return Line(fault.name, host, f"after {when:.0f} s{late}: {what}", again, f"{told.seconds:.0f}", _ended(told)), told


def _happen(cluster: Cluster, watcher: Watcher, fault: Fault, moment: Moment, began: float) -> tuple[str, str, float]:
    time.sleep(max(0.0, began + moment.seconds - time.monotonic()))
    host = watcher.busy(moment.hosts)
    when = time.monotonic() - began
    return host, fault.happen(cluster, host), when


def _ended(told: Told) -> str:
    return f"FAILED: {'; '.join(told.failed)}" if told.failed else "well"


if __name__ == "__main__":
    sys.exit(main())
