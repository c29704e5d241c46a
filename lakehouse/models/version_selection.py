"""The model version that scores a day, and the reason for the choice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, recorded_version, registry
from lakehouse.models.registry import ModelVersion
from lakehouse.storage import delta_log

# Which version scores a day that has scores already: the one that scored it, or the present champion.
Champion = Literal["then", "now"]

# Why a version scored a day, in the column ``chosen_by``: it was champion when the day was first scored; it is the champion
# that the day was restated by; it was requested by its number; or it became champion again by a rollback.
CHAMPION, NOW, ASKED, ROLLED_BACK = "champion", "now", "asked", "rolled back"
# None did: the champion could not score, and the declared fallbacks did in its place.
FALLBACK = "fallback"


@dataclass(frozen=True)
class Choice:
    """A model version, and the reason why it scores the day."""

    model: ModelVersion
    why: str


@dataclass(frozen=True)
class Scored:
    """The scores of a day in one role: their version, the reason for it (empty where it was not recorded), and the fingerprint of
    their inputs.
    """

    version: int
    why: str
    fingerprint: str


def scored(use_case: UseCase, role: str = registry.CHAMPION, at_version: int | None = None) -> dict[dt.date, Scored]:
    """The scored days in that role, by the log of the scores table, now or at one of its versions."""
    columns = "model_version", "chosen_by", tables.INPUTS_FINGERPRINT
    days = delta_log.constants_by_partition(tables.scores(use_case), *columns, at_version=at_version, role=role)
    return {
        day: Scored(int(version), why or "", fingerprint or "")
        for day, (version, why, fingerprint) in days.items()
        if version is not None
    }


def scored_by_model(use_case: UseCase) -> dict[dt.date, Scored]:
    """The days that a model has scored in the champion's role: without those that the declared fallbacks scored in its place."""
    return {day: scores for day, scores in scored(use_case).items() if scores.why != FALLBACK}


def scored_by(use_case: UseCase, role: str = registry.CHAMPION) -> dict[dt.date, int]:
    """The version of the champion's (or challenger's) scores of each day that has some."""
    return {day: scores.version for day, scores in scored(use_case, role).items()}


def choose(
    use_case: UseCase, days: list[dt.date], asked: int | None = None, champion: Champion = "then", why: str = ASKED
) -> dict[dt.date, Choice]:
    """The model version of each day, resolved once for the whole run.

    It is the version ``asked`` for, with the reason ``why``; else, with ``then``, the version that the day is scored by, so that
    a rerun after a promotion changes no label; else the present champion.

    Raises:
        RegistryChanged: when the registry's version is another than the one that was recorded.
    """
    if asked is not None:
        return dict.fromkeys(days, Choice(recorded_version.version(use_case.name, asked), why))
    before = scored_by_model(use_case)
    kept = {day: before[day] for day in days if day in before} if champion == "then" else {}
    versions = {
        number: recorded_version.version(use_case.name, number)
        for number in {scores.version for scores in kept.values()}
    }
    chosen = {day: Choice(versions[scores.version], scores.why or CHAMPION) for day, scores in kept.items()}
    if len(chosen) < len(days):
        today = champion_record.champion(use_case.name)
        for day in set(days) - set(chosen):
            restated = day in before and before[day].version != today.version
            why = before[day].why if day in before else ""
            chosen[day] = Choice(today, NOW if restated else why or CHAMPION)
    return chosen
