"""The head of a page: the verdict in one word, what it means, what to do, and whose scores it is about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from jobs.monitor.alarms import repairs
from jobs.monitor.alarms.passing import passing
from jobs.monitor.retraining import counts, violated_by
from jobs.monitor.triggers import DRIFT, PERFORMANCE
from jobs.report import decision, expected, words
from jobs.report.night import TIMELINE_DAYS, VERDICT, Night
from lakehouse import settings, tables
from lakehouse.models import champion_record, registry
from lakehouse.ops.model_events import Event

# The parts of the run book.
VIOLATED_ANCHOR, FALLBACK_ANCHOR = "a-verdict-is-violated", "fallbacks-scored-the-night"

ORDINARY_MEANS = "Nothing that is watched says that this night's scores are worth less than usual."
NOTHING_TO_DO = "Nothing to do."
UNMEASURED_MEANS = "There are too few days yet to measure anything, so the verdict says little."
UNMEASURED_TO_DO = "Nothing to do: it says more when some nights have passed."
EVENT_MEANS = "What differs is told and not judged, since the days that are compared are of a known event"
EVENT_TO_DO = "Nothing to do, unless what is told below has nothing to do with the event."
BY_DRIFT = (
    "The rows scored this night, or their scores, are unlike those that the model learned from. The scores were "
    "delivered as always, and may be worse than usual."
)
BY_DELIVERY = (
    "Values or rows are missing, doubled or refused in what was delivered. The scores were delivered as always, and may be worse "
    "than usual. This asks for no training."
)
BY_QUALITY = "Scores of the days whose labels have come turned out worse than when the model was judged."
DRIFT_TO_DO = (
    "Look at the columns below, and at the source of each: has a delivery changed, or the world? A source is corrected and the "
    "days restated; a changed world asks for a training on days that have it."
)
QUALITY_TO_DO = "See below since when, and in which slices; when no source explains it, train again."


def content(night: Night) -> dict[str, Any]:
    """What stands at the top."""
    violated = bool(night.verdict["violated"])
    measured = any(row["value"] is not None for row in night.of_day)
    event = None if violated else night.known_event(night.day)
    means, todo = _means(night, violated, measured, event)
    word = "violated" if violated else "known event" if event else "ordinary" if measured else "not measured"
    asked, why = night.decision
    anchor = VIOLATED_ANCHOR if violated else ""
    return {
        "title": night.use_case.title,
        "name": night.use_case.name,
        "day": night.day,
        "weekday": f"{night.day:%A}",
        "word": word,
        "violated": violated,
        "event": event,
        "sign": "✕" if violated else "✓" if measured and not event else "?",
        "means": means,
        "todo": todo,
        "reasons": _reasons(night),
        "since": _since(night) if violated else None,
        "asked": asked == decision.ASKED,
        "decision": asked,
        "why": _why(night, why) if violated and asked == decision.NOT_ASKED else why,
        "champion": _champion(night),
        "by": _by(night),
        "fallback": _fallback(night),
        "run_book": _run_book(FALLBACK_ANCHOR if night.day in night.fallbacks else anchor),
        "links": night.links,
        "table": tables.drift(night.use_case).full_name,
        "owner": night.use_case.owner,
    }


def _means(night: Night, violated: bool, measured: bool, event: str | None) -> tuple[list[str], list[str]]:
    worse = expected.worse(night)
    if event:
        return [f"{EVENT_MEANS}: {event}."], [EVENT_TO_DO]
    if not violated and worse:
        return [expected.MEANS], [expected.TO_DO]
    if not violated:
        return ([ORDINARY_MEANS], [NOTHING_TO_DO]) if measured else ([UNMEASURED_MEANS], [UNMEASURED_TO_DO])
    of_day = [row for row in night.rows if row["partition"] == night.day]
    kinds = violated_by(of_day, night.use_case.drift)[night.day]
    advice = list(dict.fromkeys(row["advice"] for row in of_day if row["violated"] and row.get("advice")))
    others = [row for row in of_day if row["violated"] and row["kind"] not in (VERDICT, PERFORMANCE)]
    by_estimate = bool(others) and all(row["kind"] == words.ESTIMATE for row in others)
    means = [BY_DELIVERY] * any(row["violated"] and repairs.is_one(row) for row in of_day)
    means += [BY_DRIFT] * (DRIFT in kinds and not by_estimate) + [expected.MEANS] * bool(worse)
    means += [BY_QUALITY] * (PERFORMANCE in kinds)
    usual = [DRIFT_TO_DO] * (DRIFT in kinds) + [QUALITY_TO_DO] * (PERFORMANCE in kinds)
    return means, [f"{one[0].upper()}{one[1:]}." for one in advice] or usual


def _why(night: Night, why: str) -> str:
    """Why a violated night asks for no retraining; where what violates it may be a spell that passes, that too."""
    asking = [row for row in night.of_day if row["violated"] and counts(row, night.use_case)]
    if not any(row.get("newest_chance") is not None for row in asking):
        return why
    spell = passing(asking)
    return why if not spell or spell in why else f"{why}. By itself it would not ask for one yet: {spell}"


def _reasons(night: Night) -> list[str]:
    """As the verdict tells them; of measured alarms without the advice, which stands beside them."""
    told = str(night.verdict["reason"] or "").split("; ")
    for place, reason in enumerate(told):
        for row in night.of_day:
            if row.get("advice") and reason == f"{row['reason']}: {row['advice'].replace('; ', ', ')}":
                told[place] = str(row["reason"])
    return told


def _since(night: Night) -> tuple[dt.date, int]:
    """Since when each night with a verdict was violated, and how many nights that are."""
    first, nights = night.day, 0
    for day in reversed(night.days):
        if day in night.verdicts:
            if not night.verdicts[day]["violated"]:
                break
            first, nights = day, nights + 1
    return first, nights


def _by(night: Night) -> str:
    drift = night.use_case.drift
    if night.measured:
        return f"measured alarms: an ordinary night is violated once in {drift.false_alarm_days} nights or more seldom"
    if drift.measured:
        return (
            "declared limits: this champion was trained before measured alarms were declared, and its profile does not have "
            "training's days one by one; they begin with the next training"
        )
    return "declared limits"


def _champion(night: Night) -> dict[str, Any]:
    in_order = [day for day in night.days if day in night.verdicts]
    by = [night.verdicts[day]["model_version"] for day in in_order]
    start = len(by) - 1
    while start and by[start - 1] == night.version:
        start -= 1
    # The timeline may begin in the middle of its time.
    earlier = start == 0 and len(night.days) >= TIMELINE_DAYS
    changes = [event for event in night.events if event.event in champion_record.CHANGES]
    made = next((event for event in reversed(changes) if event.model_version == night.version), None)
    tags = night.model.tags
    return {
        "version": night.version,
        "trained_for": tags.get(registry.TAG_TRAINED_FOR, ""),
        "trained_through": tags.get(registry.TAG_TRAINED_THROUGH, ""),
        "promoted": _change(made),
        "since": f"{'again ' if night.version in by[:start] else ''}since {in_order[start]}{' or earlier' if earlier else ''}",
        "now": changes[-1].model_version if changes else night.version,
    }


def _change(event: Event | None) -> str:
    if event is None:
        return ""
    return f"{event.event} {event.happened_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC by {event.actor}"


def _fallback(night: Night) -> str:
    if night.day not in night.fallbacks:
        return ""
    return (
        "The champion could not score this night: the declared fallbacks decided in its place. Fix what kept it, then "
        f"python -m jobs restate --use-case {night.use_case.name}"
    )


def _run_book(anchor: str) -> dict[str, Any]:
    address = settings.load().run_book + (f"#{anchor}" if anchor else "")
    return {"address": address, "is_link": address.startswith(("http://", "https://"))}
