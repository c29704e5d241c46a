"""The versions in use, and why: retirement leaves them alone."""

from __future__ import annotations

import datetime as dt

from lakehouse import tables
from lakehouse.declaration import Retirement, UseCase
from lakehouse.models import champion_record, registry, shadow
from lakehouse.ops import model_events
from lakehouse.storage import delta_log

VERDICTS = frozenset({model_events.PROMOTED, model_events.HELD, model_events.ROLLED_BACK})


def versions_in_use(use_case: UseCase, rules: Retirement, now: dt.datetime) -> dict[int, str]:
    """Every version that is in use, and why. Looked up again each time: it changes meanwhile."""
    in_use = _named_by_scores(use_case, rules.scores_days)
    in_use |= _without_verdict(use_case, now - dt.timedelta(days=rules.files_days))
    before = shadow.former(use_case)
    if before is not None and shadow.nights_left(use_case):
        in_use[before] = "the former champion, which still scores in shadow"
    challenger = registry.by_alias(use_case.name, registry.CHALLENGER)
    if challenger is not None:
        in_use[challenger.version] = "the challenger"
    # Both: a scoring job may just have read an alias that lags behind.
    aliased = registry.by_alias(use_case.name, registry.CHAMPION)
    for champion in (None if aliased is None else aliased.version, champion_record.number(use_case.name)):
        if champion is not None:
            in_use[champion] = "the champion"
    return in_use


def _named_by_scores(use_case: UseCase, days: int) -> dict[int, str]:
    """The versions that the scores of the newest days name, in either role."""
    table, roles = tables.scores(use_case), (registry.CHALLENGER, registry.CHAMPION)
    bounds = [delta_log.bounds_by_partition(table, "model_version", role=role) for role in roles]
    newest = max((day for by_day in bounds for day in by_day), default=None)
    named: dict[int, str] = {}
    for day, versions in ((day, versions) for by_day in bounds for day, versions in sorted(by_day.items())):
        if newest is not None and (newest - day).days < days:
            # A file without statistics may name any version: then none is free.
            low, high = versions or (1, max((v.version for v in registry.versions(use_case.name)), default=1))
            named |= dict.fromkeys(range(int(low), int(high) + 1), f"named by scores of the last {days} days, to {day}")
    return named


def _without_verdict(use_case: UseCase, since: dt.datetime) -> dict[int, str]:
    """The versions without a verdict that were registered after ``since``, or that the audit log does not have yet."""
    events_of: dict[int, list[model_events.Event]] = {}
    for event in model_events.of_model(use_case.name):
        events_of.setdefault(event.model_version, []).append(event)
    without = {}
    for model in registry.versions(use_case.name):
        events = events_of.get(model.version, [])
        registered = [event.happened_at for event in events if event.event == model_events.REGISTERED]
        if not events:
            without[model.version] = "not in ops.model_events yet: its training may still be at work"
        elif registered and registered[0] > since and not VERDICTS & {event.event for event in events}:
            without[model.version] = "waiting for its verdict"
    return without
