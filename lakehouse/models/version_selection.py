"""Which model version scores a day, and why that one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import delta_log

# What is asked for of a day that has scores: the version that it was scored by, or today's champion.
Champion = Literal["then", "now"]

# Why a version scored a day, as the rows say in ``chosen_by``: it was champion when the day was first scored; it is the
# champion that the day was restated by; it was asked for by its number; or it came back, and took over the nights since.
CHAMPION, NOW, ASKED, ROLLED_BACK = "champion", "now", "asked", "rolled back"


@dataclass(frozen=True)
class Choice:
    """A model version, and why it scores the day."""

    model: ModelVersion
    why: str


def scored_by(use_case: UseCase, role: str = registry.CHAMPION) -> dict[dt.date, int]:
    """The version of the champion's (or challenger's) scores of each day that has some."""
    found = delta_log.constant_by_partition(tables.scores(use_case), "model_version", role=role)
    return {day: int(version) for day, version in found.items()}


def chosen_by(use_case: UseCase, role: str = registry.CHAMPION) -> dict[dt.date, str]:
    """Why that version scored the day; empty where it was not recorded."""
    return delta_log.constant_by_partition(tables.scores(use_case), "chosen_by", role=role)


def choose(
    use_case: UseCase, days: list[dt.date], asked: int | None = None, champion: Champion = "then", why: str = ASKED
) -> dict[dt.date, Choice]:
    """The model version of each day, resolved once for the whole run.

    The version asked for, as ``why`` says; else, with ``then``, the one that the day is already scored by, so that a rerun
    after a promotion relabels nothing; else today's champion.
    """
    if asked is not None:
        return dict.fromkeys(days, Choice(registry.version(use_case.name, asked), why))
    before, reasons = scored_by(use_case), chosen_by(use_case)
    kept = {day: before[day] for day in days if day in before} if champion == "then" else {}
    versions = {number: registry.version(use_case.name, number) for number in set(kept.values())}
    chosen = {day: Choice(versions[number], reasons.get(day) or CHAMPION) for day, number in kept.items()}
    if len(chosen) < len(days):
        today = champion_record.champion(use_case.name)
        for day in set(days) - set(chosen):
            restated = before.get(day, today.version) != today.version
            chosen[day] = Choice(today, NOW if restated else reasons.get(day) or CHAMPION)
    return chosen
