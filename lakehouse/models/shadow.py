"""The version in shadow: it scores a day next to the champion. Which one, why, and for which share of the entities it decides.

In the role of challenger, the former champion scores for the declared nights after a promotion; otherwise the challenger does,
where the use case declares a shadow. A scored day keeps its version in shadow, as it keeps its champion. Nothing here may stop
the champion: a failure is reported, and the day is scored without a shadow.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import NightjarError
from lakehouse.models import champion_record, recorded_version, registry, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.models.version_selection import Choice
from lakehouse.ops import builds, model_events

log = logging.getLogger(__name__)

# Why a version scored in shadow, in the column ``chosen_by``: it was the challenger; it was champion until the last promotion;
# or, as in the champion's rows, the day was rolled back from it.
CHALLENGER, FORMER = "challenger", "former champion"

# What ``ops.builds`` has of the challenger's rows next to their inputs.
SHADOW_REASON, DECIDES_FOR = "beside the champion", "decides for"


@dataclass(frozen=True)
class Shadow:
    """The version in shadow, the reason for it, and the share of the entities that it decides for."""

    version: int
    why: str
    share: float = 0.0

    @property
    def canary(self) -> str:
        """What the champion's rows depend on; empty when they do not."""
        return f"version {self.version} decides for {self.share:g}" if self.share else ""


@dataclass(frozen=True)
class Shadows:
    """The shadow of each day that has one, and what failed while they were chosen."""

    by_day: Mapping[dt.date, Shadow]
    failures: tuple[str, ...] = ()


def choose(use_case: UseCase, champions: Mapping[dt.date, Choice], retry_failed: bool = True) -> Shadows:
    """The shadow of each day that has one.

    Args:
        use_case: whose days.
        champions: each day's champion and the reason for it.
        retry_failed: also for days whose shadow failed when they were scored.
    """
    scored_by = {day: scores.version for day, scores in version_selection.scored_by_model(use_case).items()}
    chosen = recorded(use_case, set(champions) & set(scored_by), retry_failed)
    new = [day for day in champions if day not in scored_by and champions[day].why == version_selection.CHAMPION]
    failures: list[str] = []
    if new:
        try:
            chosen |= _for_new_days(use_case, sorted(new), champions[new[0]].model.version)
        except NightjarError as error:
            failures.append(failure_text(error))
    by_day = {day: _next_to(choice, chosen.get(day), scored_by.get(day)) for day, choice in champions.items()}
    return Shadows({day: shadow for day, shadow in by_day.items() if shadow is not None}, tuple(failures))


def _next_to(champion: Choice, shadow: Shadow | None, scored_by: int | None) -> Shadow | None:
    """The shadow of a day, given its champion and the version that scored it before."""
    if shadow is None or shadow.version == champion.model.version:
        rolled_back = champion.why == version_selection.ROLLED_BACK
        if not rolled_back or scored_by is None or scored_by == champion.model.version:
            return None
        # The scores of the version that was rolled back from stay, for comparison.
        shadow = Shadow(scored_by, version_selection.ROLLED_BACK)
    # A version that is requested by its number, or rolled back to, decides for all entities.
    return shadow if champion.why == version_selection.CHAMPION else replace(shadow, share=0.0)


def models(use_case: UseCase, versions: Iterable[int]) -> tuple[dict[int, ModelVersion], list[str]]:
    """The versions that are in service, and why the others can't score."""
    in_service: dict[int, ModelVersion] = {}
    failures = []
    for number in sorted(set(versions)):
        try:
            in_service[number] = registry.in_service(recorded_version.version(use_case.name, number))
        except NightjarError as error:
            failures.append(failure_text(error))
    return in_service, failures


def recorded(use_case: UseCase, days: Collection[dt.date], retry_failed: bool = False) -> dict[dt.date, Shadow]:
    """The shadows that these days have; with ``retry_failed`` also those that failed."""
    table, shadows = tables.scores(use_case), dict[dt.date, Shadow]()
    scored = {
        day: scores for day, scores in version_selection.scored(use_case, registry.CHALLENGER).items() if day in days
    }
    if scored:
        inputs = builds.inputs_behind(table, {day: scores.fingerprint for day, scores in scored.items()})
        for day, scores in scored.items():
            share = float(inputs.get(day, {}).get(DECIDES_FOR, "0"))
            shadows[day] = Shadow(scores.version, scores.why or CHALLENGER, share)
    rollout = use_case.rollout
    if retry_failed and (rollout.shadow or rollout.former_nights) and (without := set(days) - set(shadows)):
        # A recorded build without rows: the champion's rows were written, and the challenger failed.
        for day, attempts in builds.attempted_inputs(table, without).items():
            if in_shadow := [inputs for inputs in attempts if SHADOW_REASON in inputs]:
                last = in_shadow[-1]
                shadows[day] = Shadow(int(last["model version"]), last[SHADOW_REASON], float(last[DECIDES_FOR]))
    return shadows


def former(use_case: UseCase) -> int | None:
    """The version that the last promotion replaced; None when there is none, or when it was rolled back since."""
    changes = champion_record.changes(use_case.name)
    if not changes or changes[-1].event != model_events.PROMOTED:
        return None
    return changes[-1].from_version


def nights(use_case: UseCase, champion: int, former: int) -> list[dt.date]:
    """The days that version ``former`` scored in shadow as the former champion, next to version ``champion``."""
    champions = version_selection.scored_by(use_case)
    return sorted(
        day
        for day, scores in version_selection.scored(use_case, registry.CHALLENGER).items()
        if scores.version == former and champions.get(day) == champion and scores.why == FORMER
    )


def nights_left(use_case: UseCase) -> int:
    """For how many more nights the former champion scores in shadow."""
    former_version, champion = former(use_case), champion_record.number(use_case.name)
    if former_version is None or champion is None or former_version == champion:
        return 0
    return max(0, use_case.rollout.former_nights - len(nights(use_case, champion, former_version)))


def failure_text(error: Exception) -> str:
    """What the job's result has of a shadow that failed; it is logged too."""
    text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
    log.warning("the challenger does not score, the champion does: %s", text)
    return text


def _for_new_days(use_case: UseCase, days: list[dt.date], champion: int) -> dict[dt.date, Shadow]:
    """The shadows of days that version ``champion`` is about to score for the first time."""
    rollout = use_case.rollout
    shadows: dict[dt.date, Shadow] = {}
    former_version = former(use_case) if rollout.former_nights else None
    if former_version is not None and former_version != champion:
        left = max(0, rollout.former_nights - len(nights(use_case, champion, former_version)))
        shadows |= dict.fromkeys(days[:left], Shadow(former_version, FORMER))
    challenger = registry.by_alias(use_case.name, registry.CHALLENGER) if rollout.shadow else None
    if challenger is not None and challenger.version != champion:
        of_challenger = Shadow(challenger.version, CHALLENGER, rollout.canary_share)
        shadows |= {day: of_challenger for day in days if day not in shadows}
    return shadows
