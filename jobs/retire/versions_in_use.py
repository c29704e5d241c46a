"""Which versions are in use, and why: what retirement leaves alone."""

from __future__ import annotations

import datetime as dt

from lakehouse import tables
from lakehouse.declaration import Retirement, UseCase
from lakehouse.models import champion_record, registry, shadow
from lakehouse.ops import model_events
from lakehouse.storage import delta_log

VERDICTS = frozenset({model_events.PROMOTED, model_events.HELD, model_events.ROLLED_BACK})


def versions_in_use(use_case: UseCase, rules: Retirement, now: dt.datetime) -> dict[int, str]:
    """Every version that is in use, and why. Looked up anew each time: it changes while people work."""
    found = _named_by_scores(use_case, rules.scores_days)
    found |= _waiting(use_case, now - dt.timedelta(days=rules.files_days))
    before = shadow.former(use_case)
    if before is not None and shadow.nights_left(use_case):
        found[before] = "the former champion, which still scores beside the present one"
    challenger = registry.by_alias(use_case.name, registry.CHALLENGER)
    if challenger is not None:
        found[challenger.version] = "the challenger"
    # Both: an alias that lags behind is what a scoring job may just have been told.
    for champion in (registry.by_alias(use_case.name, registry.CHAMPION), champion_record.current(use_case.name)):
        if champion is not None:
            found[champion.version] = "the champion"
    return found


def _named_by_scores(use_case: UseCase, days: int) -> dict[int, str]:
    """The versions that the scores of the newest days name, in either role."""
    table, roles = tables.scores(use_case), (registry.CHALLENGER, registry.CHAMPION)
    bounds = [delta_log.bounds_by_partition(table, "model_version", role=role) for role in roles]
    newest = max((day for of_role in bounds for day in of_role), default=None)
    found: dict[int, str] = {}
    for day, named in ((day, named) for of_role in bounds for day, named in sorted(of_role.items())):
        if newest is not None and (newest - day).days < days:
            # Of a file whose statistics are missing nothing is known: then no version is free.
            low, high = named or (1, max((v.version for v in registry.versions(use_case.name)), default=1))
            found |= dict.fromkeys(range(int(low), int(high) + 1), f"named by scores of the last {days} days, to {day}")
    return found


def _waiting(use_case: UseCase, since: dt.datetime) -> dict[int, str]:
    """The versions without a verdict that came after ``since``, or of which the diary knows nothing yet."""
    past: dict[int, list[model_events.Event]] = {}
    for event in model_events.of_model(use_case.name):
        past.setdefault(event.model_version, []).append(event)
    found = {}
    for model in registry.versions(use_case.name):
        mine = past.get(model.version, [])
        registered = [event.happened_at for event in mine if event.event == model_events.REGISTERED]
        if not mine:
            found[model.version] = "not in ops.model_events yet: its training may still be at work"
        elif registered and registered[0] > since and not VERDICTS & {event.event for event in mine}:
            found[model.version] = "waiting for its verdict"
    return found
