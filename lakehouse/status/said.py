"""What is said of a use case or dataset: one sentence, how urgent it is, what to do and where; and the words for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from lakehouse.alerts.fact import MEANING
from lakehouse.declaration import UseCase
from lakehouse.status.orchestration import Question

# act: tonight is not all right, and somebody has to do something. look: something to know by day. wait: under way. good. idle:
# nothing is due.
Level = Literal["act", "look", "wait", "good", "idle"]
LEVELS: tuple[Level, ...] = ("act", "look", "wait", "good", "idle")


@dataclass(frozen=True)
class Sentence:
    """One thing to know.

    Attributes:
        level: how urgent it is.
        kind: what it is about; the part of the run book hangs on it.
        text: what is the case.
        todo: what to do; empty where nothing is.
        anchor: the part of the run book; empty where there is none.
        dag, run: where in the scheduler to do it; empty where nowhere.
        source: the source that it is about; empty where it is about none.
    """

    level: Level
    kind: str
    text: str
    todo: str = ""
    anchor: str = ""
    dag: str = ""
    run: str = ""
    source: str = ""


def do(event: str) -> str:
    """What an event asks for, in the words of the alerts."""
    return MEANING[event][1]  # type: ignore[index]


def anchor(event: str) -> str:
    """Its part of the run book."""
    return MEANING[event][2]  # type: ignore[index]


def question(one: Question) -> Sentence:
    """That a person has to decide."""
    return Sentence(
        "act", "approval",
        f"A person has to decide: {one.subject.rstrip('?. ')}? It has waited since {one.since:%Y-%m-%d %H:%M} UTC.",
        do("approval"), anchor("approval"), one.dag, one.run,
    )  # fmt: skip


def for_day(day: dt.date | None) -> str:
    """For which day, where there is one."""
    return "" if day is None else f" for {day}"


def first(reason: str) -> str:
    """The first of several reasons, at most a line."""
    first = " ".join(reason.partition(";")[0].split()).rstrip(".")
    return first if len(first) <= 160 else f"{first[:157]}..."


def clock(use_case: UseCase, at: dt.datetime) -> str:
    """The hour, by the use case's own clock."""
    zone = ZoneInfo(use_case.calendar.timezone)
    return f"{at.astimezone(zone):%H:%M} ({use_case.calendar.timezone})"
