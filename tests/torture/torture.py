"""The whole kill test: one undisturbed walk, then as many disturbed ones as the kills ask for, and the tally."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import processes
from stack.credentials import Credentials
from stack.ports import Ports
from tests.services import Running
from tests.torture import books, schedule
from tests.torture.campaign import Step
from tests.torture.place import Place
from tests.torture.walk import Broken, Say, Tally, Walk

OUTCOMES = ("job killed", "server killed", "ended before")


@dataclass(frozen=True)
class Verdict:
    """What came of it all; ``broken`` says what the platform did not survive, None when it did."""

    campaign: Sequence[Step]
    seed: int
    walks: int
    seconds: float
    ordinary_seconds: float
    tally: Tally
    broken: str | None = None

    def table(self) -> str:
        """Stage by outcome, in Markdown."""
        counted = Counter(self.tally.fell)
        stages = list(dict.fromkeys(step.stage for step in self.campaign))
        lines = [f"| stage | {' | '.join(OUTCOMES)} |", "| --- |" + " ---: |" * len(OUTCOMES)]
        for stage in stages:
            lines.append(f"| {stage} | " + " | ".join(str(counted[stage, outcome]) for outcome in OUTCOMES) + " |")
        sums = [sum(counted[stage, outcome] for stage in stages) for outcome in OUTCOMES]
        return "\n".join([*lines, "| all | " + " | ".join(map(str, sums)) + " |"])


def run(campaign: Sequence[Step], kills: int, seed: int, folder: Path, say: Say = print) -> Verdict:
    """Torture the platform under ``folder``. A walk that went well leaves nothing there."""
    began, tally = time.monotonic(), Tally()
    planned = schedule.walks(seed, kills, len(campaign))
    begin = schedule.begin(planned, campaign)
    ports = Ports.free()
    server = Place(folder / "server", ports)
    spark, mlflow = Running(server.plan, "spark"), Running(server.plan, "mlflow")
    broken, reference = None, None
    try:
        spark.begin()
        mlflow.begin()
        mlflow.wait()
        spark.wait()
        credentials = Credentials.load_or_create(server.plan.state_root)
        place, kept = Place(folder / "undisturbed", ports), folder / "kept"
        place.declare()
        with walk(campaign, place, spark, credentials, say) as undisturbed:
            reference = undisturbed.undisturbed(begin, kept)
        for number, moments in enumerate(planned, start=1):
            say(f"walk {number} of {len(planned)}: {len(moments)} kills")
            place = Place(folder / f"walk-{number}", ports)
            place.resume(kept)
            with walk(campaign, place, spark, credentials, say) as disturbed:
                disturbed.disturbed(reference, begin, moments, tally)
        shutil.rmtree(kept)
    except Broken as error:
        broken = f"{error}\nseed {seed}; what is left lies in {folder}"
    finally:
        processes.stop(lambda: processes.marked(server.plan.state_root), grace_seconds=0)
    ordinary = 0.0 if reference is None else sum(step.seconds for step in reference.steps)
    return Verdict(campaign, seed, len(planned), time.monotonic() - began, ordinary, tally, broken)


@contextmanager
def walk(campaign: Sequence[Step], place: Place, spark: Running, credentials: Credentials, say: Say) -> Iterator[Walk]:
    """A walk in ``place``; what it left there and in the registry is put away when it went well."""
    begun = Walk(campaign, place, spark, place.environ(credentials), say)
    try:
        yield begun
    finally:
        begun.end()
    books.put_registry_away(place)
    place.remove()
