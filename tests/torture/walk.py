"""One walk through the campaign: undisturbed, to know what it leaves and how long it takes; or disturbed by kills."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from tests.services import Running
from tests.torture import books, digests
from tests.torture.campaign import Step
from tests.torture.digests import Contents
from tests.torture.place import Place
from tests.torture.schedule import Moment
from tests.torture.victim import Ended, Job

# As often as Airflow would, with the kills that nobody in Airflow's place can count on.
TRIES = 4
# What a task tells the tasks after it: a retry must tell the same.
TOLD = (
    "verdict",
    "retrain",
    "retrain_for",
    "model_version",
    "model_versions",
    "champion_version",
    "outcomes_partition",
)

Say = Callable[[str], None]


class Broken(AssertionError):
    """The platform did not survive."""


@dataclass(frozen=True)
class Passed:
    """A step that nobody disturbed: how long it took, what it told, and what the lakehouse held after it."""

    seconds: float
    told: Mapping[str, Any]
    contents: Contents


@dataclass(frozen=True)
class Undisturbed:
    """What every other walk is compared with."""

    steps: Sequence[Passed]
    registry: Mapping[str, object]


@dataclass
class Tally:
    """What came of the kills, by stage: ``job killed``, ``server killed``, ``ended before``; and what the killed jobs said."""

    fell: list[tuple[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    survived: int = 0


class Walk:
    """A walk through the campaign in a place of its own; Spark is shared by all walks."""

    def __init__(
        self, campaign: Sequence[Step], place: Place, spark: Running, environ: Mapping[str, str], say: Say
    ) -> None:
        self._campaign = campaign
        self._place, self._spark, self._environ, self._say = place, spark, environ, say
        self._jobs: list[Job] = []
        self._before: Contents = {}
        # How long the last attempts took by the undisturbed walk's measure: the machine may have other things to do now.
        self._paces: deque[float] = deque(maxlen=5)

    def undisturbed(self, keep: int, folder: Path) -> Undisturbed:
        """Walk through without a kill; ``folder`` gets what there was before step number ``keep``."""
        passed = []
        for number, step in enumerate(self._campaign):
            if number == keep:
                self._place.keep(folder)
            step.before(self._place)
            ended = self._start(step).end()
            self._check_end(step, ended)
            passed.append(Passed(ended.seconds, _told(ended), self._contents()))
            self._say(f"{step.name}: {ended.seconds:.1f} s")
        # The first job finds Spark's code uncompiled, which no later one does: the second is its like.
        passed[0] = replace(passed[0], seconds=min(passed[0].seconds, passed[1].seconds))
        return Undisturbed(passed, books.registry(self._place))

    def disturbed(self, reference: Undisturbed, begin: int, moments: Sequence[Moment], tally: Tally) -> None:
        """Walk through with these kills, and compare with the reference after each of them and after each step.

        The place is as the undisturbed walk left it before step number ``begin``.
        """
        self._before = reference.steps[begin - 1].contents if begin else {}
        for number, (step, passed) in enumerate(zip(self._campaign, reference.steps, strict=True)):
            if number < begin:
                continue
            step.before(self._place)
            mine = [moment for moment in moments if moment.step == number]
            ended = None
            for moment in mine:
                if ended is not None and ended.exit_code == step.exit_code:
                    tally.fell.append((step.stage, "ended before"))
                    continue
                ended = self._killed(step, moment, passed, tally)
                self._check_readers(step, passed)
            tries = 0
            while ended is None or ended.exit_code != step.exit_code:
                if ended is not None and tries == TRIES:
                    raise Broken(f"{step.name}: still {ended.last_line!r} after {TRIES} tries")
                ended = self._start(step).end()
                self._check_end(step, ended)
                self._paces.append(ended.seconds / passed.seconds)
                tries += 1
            self._check_step(step, passed, ended)
            self._before = passed.contents
        if wrong := [*books.doubled_keys(self._place), *books.ledger_errors(self._place.warehouse)]:
            raise Broken("; ".join(wrong[:5]))
        if (found := books.registry(self._place)) != reference.registry:
            raise Broken(f"the registry: expected {reference.registry}, found {found}")

    def end(self) -> None:
        """Leave no job behind, also when the walk was broken off."""
        for job in self._jobs:
            if job.lives_for(0):
                job.kill()

    def _killed(self, step: Step, moment: Moment, passed: Passed, tally: Tally) -> Ended | None:
        """One attempt, killed at its moment; how the job ended, or None when it was killed itself."""
        after = moment.fraction * passed.seconds * (median(self._paces) if self._paces else 1)
        job = self._start(step)
        if not job.lives_for(after):
            tally.fell.append((step.stage, "ended before"))
            self._say(f"{step.name}: ended before {after:.1f} s")
            ended = self._check_end(step, job.end())
            self._paces.append(ended.seconds / passed.seconds)
            return ended
        tally.fell.append((step.stage, f"{moment.kind} killed"))
        self._say(f"{step.name}: {moment.kind} killed after {after:.1f} s")
        if moment.kind == "job":
            job.kill()
            return None
        self._spark.kill()
        self._spark.stop()
        self._check_readers(step, passed)
        self._spark.begin()
        self._spark.wait()
        ended = self._check_end(step, job.end())
        if ended.exit_code == step.exit_code:
            tally.survived += 1
        else:
            tally.errors.append(f"{step.stage}: {ended.last_line}")
        self._say(f"{step.name}: the job went on and ended with {ended.exit_code} after {ended.seconds:.1f} s")
        return ended

    def _start(self, step: Step) -> Job:
        name = f"{len(self._jobs):03d}-{step.name.replace(' ', '-').replace(',', '')}"
        # In turn by the job's process and by Spark's workers, whatever the rows: a retry completes what the other left.
        limit = {"IN_PROCESS_ROWS": "0"} if len(self._jobs) % 2 else {}
        self._jobs.append(Job(step.arguments, {**self._environ, **limit}, self._place.root / "jobs", name))
        return self._jobs[-1]

    def _check_end(self, step: Step, ended: Ended) -> Ended:
        """A job ends as it should, or with a named error that Airflow would retry."""
        if ended.exit_code == step.exit_code or (ended.retryable and ended.explained):
            return ended
        raise Broken(f"{step.name}: ended with {ended.exit_code}: {ended.last_line}\n{ended.said[-6000:]}")

    def _check_readers(self, step: Step, passed: Passed) -> None:
        """Every part is as it was before the step or as it is after it, the ledger adds up, and no reader fails."""
        halves = digests.halves(self._contents(), self._before, passed.contents)
        if wrong := [*halves, *books.ledger_errors(self._place.warehouse)]:
            raise Broken(f"{step.name}: after a kill a reader sees: " + "\n".join(wrong[:10]))

    def _check_step(self, step: Step, passed: Passed, ended: Ended) -> None:
        if wrong := digests.differences(self._contents(), passed.contents):
            raise Broken(f"{step.name}: differs from the undisturbed run: " + "\n".join(wrong[:10]))
        told = _told(ended)
        if wrong_told := {name: value for name, value in passed.told.items() if told.get(name, value) != value}:
            raise Broken(f"{step.name}: the undisturbed run told {wrong_told}, this one {told}")

    def _contents(self) -> Contents:
        return digests.contents(self._place.warehouse, self._place.landing)


def _told(ended: Ended) -> dict[str, Any]:
    return {name: ended.result[name] for name in TOLD if name in ended.result}
