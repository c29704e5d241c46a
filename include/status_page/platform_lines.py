"""What the overview says of DAGs that belong to no use case and no dataset: the platform's own, and erasures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lakehouse.declaration import Source
from lakehouse.status import said
from lakehouse.status.orchestration import Orchestration
from lakehouse.status.said import Level, Sentence

OWN = ("maintain__lakehouse", "alert__lakehouse")
# Tasks of an erasure before anything is taken out.
BEFORE = frozenset({"find", "if_meant", "approval", "if_approved"})


def dags(sources: Iterable[Source]) -> list[str]:
    """Their names."""
    return [*OWN, *(_erasure(source) for source in sources)]


def sentences(orchestration: Orchestration, sources: Iterable[Source]) -> list[Sentence]:
    """What a person should know of them, the most urgent first."""
    return [*_of_erasures(orchestration.of(map(_erasure, sources))), *_of_own(orchestration.of(OWN))]


def _erasure(source: Source) -> str:
    return f"erase__{source.name}"


def _of_erasures(orchestration: Orchestration) -> Iterator[Sentence]:
    for one in orchestration.questions:
        yield said.question(one)
    for failed in orchestration.failed:
        # Until a person has approved nothing of it is to go.
        level: Level
        level, state = (
            ("look", "nothing was erased") if failed.task in BEFORE else ("act", "something may be left of it")
        )
        yield Sentence(
            level, "failed", f"Task {failed.task} of {failed.dag} failed: {state}.",
            "Open its log, and do what its last line says.", "an-erasure-failed", failed.dag, failed.run,
        )  # fmt: skip


def _of_own(orchestration: Orchestration) -> Iterator[Sentence]:
    for one in orchestration.failed:
        yield Sentence(
            "look", "failed", f"Task {one.task} of {one.dag} failed.", "Open its log, remove the cause, then clear the task.",
            "on-call-what-failed-is-it-safe-to-run-again-what-to-do", one.dag, one.run,
        )  # fmt: skip
