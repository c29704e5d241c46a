"""Whether to train a new model: the triggers, and what keeps a training back. Pure functions with reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakehouse.declaration import Drift, Retrain, Rhythm

# What asks for a training, as the audit log has it.
DRIFT, PERFORMANCE, SCHEDULE, NEW_LABELS = "drift", "performance", "schedule", "new labels"

# What the budget calls a month.
MONTH_DAYS = 30


@dataclass(frozen=True)
class RetrainingDecision:
    """Whether to retrain, and why or why not.

    Attributes:
        retrain: whether.
        reasons: in words.
        triggers: what asked for it, each with its numbers; empty when nothing did, or when it was kept back.
    """

    retrain: bool
    reasons: tuple[str, ...]
    triggers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known on a day.

    Attributes:
        violated: of this and earlier days what was violated, ``drift``, ``performance`` or both, against the profile of the
            champion that scored the day; nothing of a day in order.
        champion_trained_for: the day that the present champion was trained for.
        trained_for: the days that a training was made for, challengers that were held among them: when one was held yesterday,
            another one today would be held for the same reasons.
        running: the days that a training was asked for and that may still wait its turn or run, each with how long, in words.
        lost: the days that a training was asked for in vain, each with why, in words. It starts no cool-down.
        recent: the newest ``drift.of_days`` scored days; empty: every day is one.
        new_labels: labelled rows that the last training did not know; None where nobody asks.
        passing: why what violates the day may be a spell that passes; empty where it lasts, and where limits are declared.
    """

    violated: Mapping[dt.date, frozenset[str]]
    champion_trained_for: dt.date | None
    trained_for: Sequence[dt.date]
    running: Mapping[dt.date, str] = field(default_factory=dict)
    lost: Mapping[dt.date, str] = field(default_factory=dict)
    recent: Sequence[dt.date] = ()
    new_labels: int | None = None
    passing: str = ""

    def before(self, day: dt.date) -> list[dt.date]:
        """The days before ``day`` that a training was made for. The day's own is left out: repeated, it asks for the same."""
        return sorted({trained for trained in self.trained_for if trained < day})


@dataclass(frozen=True)
class Fired:
    """What a trigger found: in words, and where it asks for a training (``asks``) with its numbers."""

    words: str
    asks: str = ""
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def decide(day: dt.date, retrain: Retrain, drift: Drift, known: Known) -> RetrainingDecision:
    """Whether what is known on ``day`` asks for a new model.

    Every trigger goes the same way: a training for a later day, one that runs, the cool-down and the budget keep each back alike.

    Args:
        day: the day of the verdict.
        retrain: the declared triggers, cool-down and budget.
        drift: the declared N of M violated days.
        known: what is known on the day.
    """
    champion = known.champion_trained_for
    if champion is not None and champion >= day:
        return RetrainingDecision(False, (f"the champion was trained for {champion}, this day or a later one",))
    if later := [trained for trained in (*known.trained_for, *known.running, *known.lost) if trained > day]:
        return RetrainingDecision(False, (f"a training was made or asked for {max(later)} already, after this day",))
    asked = [_of_verdicts(day, retrain, drift, known), _of_schedule(day, retrain, known), _of_labels(retrain, known)]
    said = [one for one in asked if one is not None]
    fired = [one for one in said if one.asks]
    if not fired:
        return RetrainingDecision(False, tuple(one.words for one in said) or ("no trigger is declared",))
    why = "; ".join(one.words for one in fired)
    if hindrance := _kept_back(day, retrain, drift, known):
        return RetrainingDecision(False, (f"{why}, but {hindrance}",))
    reasons = [one.asks for one in fired]
    last = max(known.before(day), default=dt.date.min)
    if vain := [past for past in known.lost if last < past < day]:
        reasons.append(f"the training asked for {max(vain)} {known.lost[max(vain)]}, so it is asked for again")
    return RetrainingDecision(
        True, tuple(reasons), {name: numbers for one in fired for name, numbers in one.evidence.items()}
    )


def _kept_back(day: dt.date, retrain: Retrain, drift: Drift, known: Known) -> str:
    """Why a training that is asked for has to wait; empty when it has not."""
    if asked := [past for past in known.running if past < day]:
        return f"a training for {max(asked)} {known.running[max(asked)]}"
    before, cooldown = known.before(day), retrain.cooldown(drift)
    if before and (day - before[-1]).days < cooldown:
        return f"the last training was made for {before[-1]}: cooling down for {cooldown} days"
    month = [trained for trained in before if (day - trained).days < MONTH_DAYS]
    if retrain.at_most_a_month is not None and len(month) >= retrain.at_most_a_month:
        return (
            f"{len(month)} trainings were made in the last {MONTH_DAYS} days, {retrain.at_most_a_month} are allowed "
            f"(retrain.at_most_a_month): the next one on {month[-retrain.at_most_a_month] + dt.timedelta(days=MONTH_DAYS)}"
        )
    return ""


def _of_verdicts(day: dt.date, retrain: Retrain, drift: Drift, known: Known) -> Fired | None:
    """N of M days violated by what is declared to count."""
    if not retrain.triggers:
        return None
    daily = Rhythm().newest(day, drift.of_days)
    recent = list(known.recent or daily)
    by_day = {past: known.violated.get(past, frozenset()) & set(retrain.triggers) for past in recent}
    bad = [past for past, kinds in by_day.items() if kinds]
    days = "days" if recent == daily else "scored days"
    by = "" if len(retrain.triggers) > 1 else f" by {retrain.triggers[0]}"
    count = f"{len(bad)} of the last {drift.of_days} {days} violated{by}"
    if len(bad) < drift.violated_days:
        return Fired(f"{count}, {drift.violated_days} ask for retraining")
    if known.passing:
        return Fired(f"{count}, but {known.passing}")
    which = ", ".join(str(past) for past in bad)
    numbers = {"of_days": drift.of_days, "asks_from": drift.violated_days}
    return Fired(
        count,
        f"{count} ({which}), {drift.violated_days} ask for retraining",
        {
            kind: {**numbers, "violated_days": [past.isoformat() for past in bad if kind in by_day[past]]}
            for kind in retrain.triggers
            if any(kind in kinds for kinds in by_day.values())
        },
    )


def _of_schedule(day: dt.date, retrain: Retrain, known: Known) -> Fired | None:
    """So many days since the last training."""
    if retrain.every_days is None:
        return None
    before = known.before(day)
    if not before:
        return Fired("no training is known that the schedule could count from")
    passed = (day - before[-1]).days
    words = f"{passed} days since the training for {before[-1]}, {retrain.every_days} ask for retraining"
    if passed < retrain.every_days:
        return Fired(words)
    numbers = {"days": passed, "asks_from": retrain.every_days, "last_training": before[-1].isoformat()}
    return Fired(words, words, {SCHEDULE: numbers})


def _of_labels(retrain: Retrain, known: Known) -> Fired | None:
    """So many labels that the last training did not know."""
    if retrain.new_labels is None:
        return None
    if known.new_labels is None:
        return Fired("no training is known from which new labels could be counted")
    words = f"{known.new_labels} new labels since the last training, {retrain.new_labels} ask for retraining"
    if known.new_labels < retrain.new_labels:
        return Fired(words)
    return Fired(words, words, {NEW_LABELS: {"labels": known.new_labels, "asks_from": retrain.new_labels}})
