"""Which version scores a day beside the champion, why, and for what share of the entities its decision counts.

Beside the champion, in the role of challenger, scores the former champion for the declared nights after a promotion; else the
challenger, where the use case declares a shadow. A day keeps what it has, as it keeps its champion. Nothing here may
stop the champion: what goes wrong is said, and the day is scored without.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import NightjarError
from lakehouse.models import champion_record, registry, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.models.version_selection import Choice
from lakehouse.ops import builds, model_events
from lakehouse.storage import delta_log

log = logging.getLogger(__name__)

# Why a version scored beside the champion, as its rows say in ``chosen_by``: it was the challenger; it had been champion
# until the last promotion; or, as in the champion's rows, the day was rolled back from it.
CHALLENGER, FORMER = "challenger", "former champion"

# What ``ops.builds`` says of the challenger's rows besides their inputs.
BESIDE, DECIDES_FOR = "beside the champion", "decides for"


@dataclass(frozen=True)
class Shadow:
    """The version beside the champion, why it is there, and the share of the entities that it decides for."""

    version: int
    why: str
    share: float = 0.0

    @property
    def canary(self) -> str:
        """What the champion's rows depend on; empty when they do not."""
        return f"version {self.version} decides for {self.share:g}" if self.share else ""


@dataclass(frozen=True)
class Beside:
    """The shadow of each day that has one, and what went wrong in finding them."""

    by_day: Mapping[dt.date, Shadow]
    failures: tuple[str, ...] = ()


def choose(use_case: UseCase, champions: Mapping[dt.date, Choice], again: bool = True) -> Beside:
    """The shadow of each day that has one.

    Args:
        use_case: whose days.
        champions: what each day's champion is, and why.
        again: also for days whose shadow failed when they were scored.
    """
    before = version_selection.scored_by(use_case)
    found = recorded(use_case, set(champions) & set(before), again)
    new = [day for day in champions if day not in before and champions[day].why == version_selection.CHAMPION]
    failures: list[str] = []
    if new:
        try:
            found |= _tonight(use_case, sorted(new), champions[new[0]].model.version)
        except NightjarError as error:
            failures.append(said(error))
    for day, choice in champions.items():
        shadow, was = found.pop(day, None), before.get(day, choice.model.version)
        if shadow is not None and shadow.version == choice.model.version:
            shadow = None
        if shadow is None and choice.why == version_selection.ROLLED_BACK and was != choice.model.version:
            # What the version rolled back from had said stays to be compared with.
            shadow = Shadow(was, version_selection.ROLLED_BACK)
        if shadow is not None:
            # Whoever asks for a version by its number, or rolls back to it, asks for its decisions.
            found[day] = shadow if choice.why == version_selection.CHAMPION else replace(shadow, share=0.0)
    return Beside(found, tuple(failures))


def models(use_case: UseCase, versions: Iterable[int]) -> tuple[dict[int, ModelVersion], list[str]]:
    """The versions that can be scored with, and why the others can't."""
    found: dict[int, ModelVersion] = {}
    failures = []
    for number in sorted(set(versions)):
        try:
            found[number] = registry.in_service(registry.version(use_case.name, number))
        except NightjarError as error:
            failures.append(said(error))
    return found, failures


def recorded(use_case: UseCase, days: Collection[dt.date], again: bool = False) -> dict[dt.date, Shadow]:
    """The shadows that these days have; with ``again`` also those that they should have had."""
    table, found = tables.scores(use_case), dict[dt.date, Shadow]()
    versions = version_selection.scored_by(use_case, registry.CHALLENGER)
    if set(days) & set(versions):
        reasons = version_selection.chosen_by(use_case, registry.CHALLENGER)
        built = delta_log.constant_by_partition(table, tables.INPUTS_FINGERPRINT, role=registry.CHALLENGER)
        inputs = builds.inputs_behind(table, {day: built[day] for day in days if day in built})
        for day in set(days) & set(versions):
            share = float(inputs.get(day, {}).get(DECIDES_FOR, "0"))
            found[day] = Shadow(versions[day], reasons.get(day) or CHALLENGER, share)
    rollout = use_case.rollout
    if again and (rollout.shadow or rollout.former_nights) and (without := set(days) - set(found)):
        # A line that no row came of: the champion's rows were written, and the challenger failed.
        for day, tried in builds.attempted_inputs(table, without).items():
            if meant := [line for line in tried if BESIDE in line]:
                last = meant[-1]
                found[day] = Shadow(int(last["model version"]), last[BESIDE], float(last[DECIDES_FOR]))
    return found


def former(use_case: UseCase) -> int | None:
    """The version that the last promotion replaced; None when there is none, or when it was rolled back since."""
    known = champion_record.changes(use_case.name)
    if not known or known[-1].event != model_events.PROMOTED:
        return None
    return known[-1].from_version


def nights(use_case: UseCase, champion: int, beside: int) -> list[dt.date]:
    """The days that ``beside`` has scored as the former champion beside ``champion``."""
    champions = version_selection.scored_by(use_case)
    reasons = version_selection.chosen_by(use_case, registry.CHALLENGER)
    others = version_selection.scored_by(use_case, registry.CHALLENGER)
    return sorted(
        day
        for day, version in others.items()
        if version == beside and champions.get(day) == champion and reasons.get(day) == FORMER
    )


def nights_left(use_case: UseCase) -> int:
    """For how many more nights the former champion scores beside the present one."""
    before, champion = former(use_case), champion_record.current(use_case.name)
    if before is None or champion is None or before == champion.version:
        return 0
    return max(0, use_case.rollout.former_nights - len(nights(use_case, champion.version, before)))


def said(error: Exception) -> str:
    """What the job's result says of a shadow that failed."""
    text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
    log.warning("the challenger does not score, the champion does: %s", text)
    return text


def _tonight(use_case: UseCase, days: list[dt.date], champion: int) -> dict[dt.date, Shadow]:
    """The shadow of days that are scored for the first time, by ``champion``."""
    rollout = use_case.rollout
    found: dict[dt.date, Shadow] = {}
    before = former(use_case) if rollout.former_nights else None
    if before is not None and before != champion:
        left = max(0, rollout.former_nights - len(nights(use_case, champion, before)))
        found |= dict.fromkeys(days[:left], Shadow(before, FORMER))
    challenger = registry.by_alias(use_case.name, registry.CHALLENGER) if rollout.shadow else None
    if challenger is not None and challenger.version != champion:
        tried = Shadow(challenger.version, CHALLENGER, rollout.canary_share)
        found |= {day: tried for day in days if day not in found}
    return found
