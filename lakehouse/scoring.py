"""Which model version scores a day, and why that one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from lakehouse import championship, delta, registry, tables
from lakehouse.declaration import UseCase
from lakehouse.registry import ModelVersion

# What is asked for of a day that has scores: the version that it was scored by, or today's champion.
Champion = Literal["then", "now"]

# Why a version scored a day, as the rows say in ``chosen_by``: it was champion when the day was first scored; it is the
# champion that the day was restated by; or it was asked for by its number.
CHAMPION, NOW, ASKED = "champion", "now", "asked"


@dataclass(frozen=True)
class Choice:
    """A model version, and why it scores the day."""

    model: ModelVersion
    why: str


def scored_by(use_case: UseCase) -> dict[dt.date, int]:
    """The version of the champion's scores of each day that has some."""
    found = delta.constant_by_partition(tables.scores(use_case), "model_version", role=registry.CHAMPION)
    return {day: int(version) for day, version in found.items()}


def choose(
    use_case: UseCase, days: list[dt.date], asked: int | None = None, champion: Champion = "then"
) -> dict[dt.date, Choice]:
    """The model version of each day, resolved once for the whole run.

    The version asked for; else, with ``then``, the one that the day is already scored by, so that a rerun after a promotion
    relabels nothing; else today's champion.
    """
    if asked is not None:
        return dict.fromkeys(days, Choice(registry.version(use_case.name, asked), ASKED))
    before = scored_by(use_case)
    why = delta.constant_by_partition(tables.scores(use_case), "chosen_by", role=registry.CHAMPION)
    kept = {day: before[day] for day in days if day in before} if champion == "then" else {}
    versions = {number: registry.version(use_case.name, number) for number in set(kept.values())}
    chosen = {day: Choice(versions[number], why.get(day) or CHAMPION) for day, number in kept.items()}
    if len(chosen) < len(days):
        today = championship.champion(use_case.name)
        for day in set(days) - set(chosen):
            restated = before.get(day, today.version) != today.version
            chosen[day] = Choice(today, NOW if restated else why.get(day) or CHAMPION)
    return chosen
