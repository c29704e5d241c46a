"""What the scheduler alone knows of a night, as the page is told it: what failed, what waits for a person, what is paused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FailedTask:
    """A task that has failed for good, and was not cleared since.

    Attributes:
        dag, task, run: which.
        day: the run's partition; None where it has none.
        at: when it ended.
    """

    dag: str
    task: str
    run: str
    day: dt.date | None
    at: dt.datetime


@dataclass(frozen=True)
class Question:
    """A task that waits for a person's answer.

    Attributes:
        dag, task, run: which.
        subject: what is asked.
        since: when it was asked.
    """

    dag: str
    task: str
    run: str
    subject: str
    since: dt.datetime


@dataclass(frozen=True)
class Orchestration:
    """What the scheduler knows of some DAGs.

    Attributes:
        known: whether it was asked, and answered.
        dags: those that it has.
        paused: those of them that are paused.
        running: those with a run that waits its turn or is under way.
        failed: tasks of the newest runs that failed.
        questions: what waits for a person.
        broken: those whose file can't be imported as it is now: no run of theirs is started.
    """

    known: bool = False
    dags: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    failed: tuple[FailedTask, ...] = field(default=())
    questions: tuple[Question, ...] = field(default=())
    broken: frozenset[str] = frozenset()

    def of(self, names: Iterable[str]) -> Orchestration:
        """The same of these DAGs alone."""
        chosen = frozenset(names)
        return Orchestration(
            self.known,
            self.dags & chosen,
            self.paused & chosen,
            self.running & chosen,
            tuple(one for one in self.failed if one.dag in chosen),
            tuple(one for one in self.questions if one.dag in chosen),
            self.broken & chosen,
        )
