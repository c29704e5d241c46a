"""The model version that scores a day, and the reason for the choice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import delta_log

# Which version scores a day that has scores already: the one that scored it, or the present champion.
Champion = Literal["then", "now"]

# Why a version scored a day, in the column ``chosen_by``: it was champion when the day was first scored; it is the champion
# that the day was restated by; it was requested by its number; or it became champion again by a rollback.
CHAMPION, NOW, ASKED, ROLLED_BACK = "champion", "now", "asked", "rolled back"


@dataclass(frozen=True)
class Choice:
    """A model version, and the reason why it scores the day."""

    model: ModelVersion
    why: str


def scored_by(use_case: UseCase, role: str = registry.CHAMPION) -> dict[dt.date, int]:
    """The version of the champion's (or challenger's) scores of each day that has some."""
    versions = delta_log.constant_by_partition(tables.scores(use_case), "model_version", role=role)
    return {day: int(version) for day, version in versions.items()}


def chosen_by(use_case: UseCase, role: str = registry.CHAMPION) -> dict[dt.date, str]:
    """The reason of each day's choice; empty where it was not recorded."""
    return delta_log.constant_by_partition(tables.scores(use_case), "chosen_by", role=role)


def choose(
    use_case: UseCase, days: list[dt.date], asked: int | None = None, champion: Champion = "then", why: str = ASKED
) -> dict[dt.date, Choice]:
    """The model version of each day, resolved once for the whole run.

    It is the version ``asked`` for, with the reason ``why``; else, with ``then``, the version that the day is scored by, so that
    a rerun after a promotion changes no label; else the present champion.
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
