"""Kill a run of calls at random moments, again and again, and hold its books against the service's own bill.

``python -m tests.teacher_kills --kills 200 --seed 1`` (``make torture-teacher``). Each run is a copy of this process, which has
everything loaded and has used nothing yet: a copy that is killed costs no start of Python.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import NightjarError
from lakehouse.ops import calls
from lakehouse.ops.call import FINAL
from lakehouse.teacher import calling, journal, teaching
from lakehouse.teacher.request import Request
from lakehouse.teacher.service import Service
from tests import teacher_server
from tests.lakehouse.teacher.asking import BUDGET, requests, teacher
from tests.teacher_server import SPECIAL

# What libraries load when they are first used: a copy would load it each time.
LATE = ("anyio._backends._asyncio", "deltalake.fs", "httpcore", "pyarrow.acero")
CONCURRENCY = 8
LATENCY = 0.02
# What comes back differs by document; "no usage" is billed by the server and told by nobody.
KINDS = ("", "", "", "", *SPECIAL)
# Of the documents that are new with each kill.
MORE = 14
# The model's cost is the declaration's, in millionths.
Bill = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Found:
    """What came of it."""

    kills: int
    calls: int
    repeated: int
    allowed: int
    maybe_billed: int
    billed_micros: int
    cost_micros: int
    unsure_micros: int
    seconds: float
    problems: tuple[str, ...]


def texts(count: int) -> list[str]:
    """Documents, some of which get no answer."""
    kinds = ((number, KINDS[number % len(KINDS)]) for number in range(count))
    return [f"Document {number} special: {kind}" if kind else f"Document {number}" for number, kind in kinds]


def run(url: str, root: Path, count: int, asking: int | None = None) -> None:
    """One run over the first documents, until nothing is left; writes a byte to ``asking`` before each attempt."""
    os.environ["LAKEHOUSE_ROOT"] = str(root)
    calling.FIRST_WAIT = 0.01
    # Some kills fall into a commit of the table.
    journal.FOLDED_LINES = 40
    asked = teacher(url, concurrency=CONCURRENCY, variants=[{"name": "a"}, {"name": "b", "seed": 1}])

    if asking is not None:
        Service.ask = _telling(Service.ask, asking)  # type: ignore[method-assign]
    teaching.teach("d", requests(asked, texts(count)), asked, BUDGET)


def _telling(ask: Callable[..., Any], to: int) -> Callable[..., Any]:
    async def telling(self: Service, request: Request, earlier: int = 0) -> Any:
        os.write(to, b"x")
        return await ask(self, request, earlier)

    return telling


def copy(work: Callable[[], None]) -> int:
    """Start a copy of this process that does this work; its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except NightjarError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(3)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(4)


def lives_for(child: int, seconds: float) -> bool:
    """Wait so long; whether the copy still runs then.

    Raises:
        AssertionError: when it ended with an error.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0, f"a run failed with {os.waitstatus_to_exitcode(status)}"
            return False
        time.sleep(0.005)
    return True


def torture(kills: int, seed: int, folder: Path) -> Found:
    """Kill so many runs, let the last one end, and compare."""
    for name in LATE:
        importlib.import_module(name)
    started, draw, count, killed = time.monotonic(), random.Random(seed), MORE, 0
    faults = ",".join(fault for fault in teacher_server.FAULTS if fault != "silent")
    with teacher_server.apart(f"--latency={LATENCY}", f"--faults={faults}", "--share=0.3", f"--seed={seed}") as url:
        while killed < kills:
            reads, writes = os.pipe()
            child = copy(lambda: run(url, folder / "killed", count, writes))  # noqa: B023
            os.close(writes)
            # A fourth of them while the books are opened, the others after some calls: a busy machine changes neither.
            early = draw.random() < 0.25
            for _ in range(0 if early else draw.randint(1, 2 * MORE)):
                os.read(reads, 1)
            os.close(reads)
            if lives_for(child, draw.uniform(0.02, 0.2) if early else draw.uniform(0.0, 2 * LATENCY)):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                killed += 1
            # Whether it ended or not: there is always something left to do.
            count += MORE
        assert not lives_for(copy(lambda: run(url, folder / "killed", count)), 120), "the last run does not end"
        accounts = teacher_server.bill(url)["accounts"]
    # Nothing was asked of the library that reads tables before: it has threads, which no copy would have.
    with teacher_server.apart() as url:
        # The address is part of each key.
        assert not lives_for(copy(lambda: run(url, folder / "undisturbed", count)), 120)
    return compare(folder, accounts, kills, time.monotonic() - started)


def compare(folder: Path, accounts: Bill, kills: int, seconds: float) -> Found:
    """The books of the killed runs, the service's bill, and an undisturbed run."""
    killed, undisturbed = (lines(folder / name) for name in ("killed", "undisturbed"))
    problems = []
    if open_calls := [line["document_id"] for line in killed.values() if line["state"] not in FINAL]:
        problems.append(f"{len(open_calls)} calls have no outcome")
    if killed.keys() != undisturbed.keys():
        problems.append("the calls are not those of an undisturbed run")
    said = {key: (line["state"], said_without_key(line)) for key, line in killed.items()}
    expected = {key: (line["state"], said_without_key(line)) for key, line in undisturbed.items()}
    if differing := [key for key in said if said[key] != expected.get(key)]:
        problems.append(f"{len(differing)} answers differ: {said[differing[0]]} and {expected.get(differing[0])}")
    by_key = {line["request_key"]: line for line in killed.values()}
    if len(by_key) != len(killed):
        problems.append("a key has two lines")
    repeated = billed_micros = 0
    for key, account in accounts.items():
        line = by_key.get(key)
        if line is None:
            problems.append(f"{key} was sent and is in no line")
            continue
        again = account["billed"] - account["spoiled"] - 1
        repeated += max(again, 0)
        billed = account["billed"] * BUDGET.cost_micros(account["input_tokens"], account["output_tokens"])
        billed_micros += billed
        if account["billed"] > line["replies"] + line["maybe_billed"]:
            problems.append(f"{key} was billed {account['billed']} times, and the books say less")
        if billed > line["cost_micros"]:
            problems.append(f"{key} cost {billed}, and the books say {line['cost_micros']}")
    if repeated > kills * CONCURRENCY:
        problems.append(f"{repeated} calls were paid again, expected at most {kills * CONCURRENCY}")
    if left := list((folder / "killed" / ".calls" / "d").glob("*.jsonl")):
        problems.append(f"{len(left)} files of the journal are left")
    return Found(
        kills=kills,
        calls=len(killed),
        repeated=repeated,
        allowed=kills * CONCURRENCY,
        maybe_billed=sum(line["maybe_billed"] for line in killed.values()),
        billed_micros=billed_micros,
        cost_micros=sum(line["cost_micros"] for line in killed.values()),
        unsure_micros=sum(line["unsure_micros"] for line in killed.values()),
        seconds=seconds,
        problems=tuple(problems),
    )


def lines(root: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The lines of ``ops.calls``, by document and variant."""
    os.environ["LAKEHOUSE_ROOT"] = str(root)
    return {(line["document_id"], line["variant"]): line for line in calls.answers("d").to_pylist()}


def said_without_key(line: dict[str, Any]) -> str:
    """The answer without the key in it, which has the service's address."""
    return str(line["answer"]).replace(line["request_key"][:12], "KEY")


def main() -> None:
    """Print what came of it; fails when something did not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="teacher-"))
    found = torture(given.kills, given.seed, folder)
    print(
        f"{found.kills} kills, {found.calls} calls, {found.seconds:.0f} s: {found.repeated} calls paid again (at most "
        f"{found.allowed}), {found.maybe_billed} attempts may have been billed in vain; the service billed {found.billed_micros} "
        f"millionths, the books say {found.cost_micros}, of which {found.unsure_micros} are the most that it can have been"
    )
    if found.problems:
        sys.exit("\n".join([*found.problems[:10], f"seed {given.seed}; what is left lies in {folder}"]))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
