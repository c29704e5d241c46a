"""What has to stay of the tables that a use case makes and reads, whatever is declared: pure functions of facts.

Live versions need the days that they were trained and measured on; the next training its windows; monitoring the days that a
verdict, its labels and its base rates look back at; features what they read of their sources, and what all of these need to be
made again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse import tables
from lakehouse.declaration import FeatureGroup, UseCase
from lakehouse.retention.decision import Need
from lakehouse.retention.facts import Facts

DAY = dt.timedelta(days=1)
# Measured alarms look back at windows of so many declared ones.
LONGEST_WINDOWS = 4
# Scored days with labels that a base rate is made of.
BASE_RATE_DAYS = 28


@dataclass(frozen=True)
class Needed:
    """What a use case needs: by a table's full name its days, and the first day that it may make again.

    Attributes:
        of_tables: table and need.
        again_from: the first of the days whose features may be made again; None where nothing is built: any.
    """

    of_tables: tuple[tuple[str, Need], ...]
    again_from: dt.date | None

    def of(self, name: str) -> list[Need]:
        """The needs of a table."""
        return [need for table, need in self.of_tables if table == name]


def of_use_case(facts: Facts) -> Needed:
    """What a use case needs of its own tables and of its sources' silver."""
    use_case = facts.use_case
    if facts.newest is None or facts.live is None:
        why = (
            "nothing is built of it yet" if facts.newest is None else "MLflow does not answer, and it knows who is live"
        )
        every = Need(dt.date.min, dt.date.max, f"{use_case.name}: {why}")
        names = [table.full_name for table in (*tables.of_use_case(use_case), *_silver(use_case))]
        return Needed(tuple((name, every) for name in names), None)
    windows = list(_windows(facts))
    needed = [*_of_gold(facts, windows), *(one for window in windows for one in _of_silver(use_case, window))]
    first = min(window.first for window in windows)
    return Needed(tuple(needed), first)


def training_first(use_case: UseCase, newest: dt.date) -> dt.date:
    """The first day that the next training reads."""
    return newest + DAY - dt.timedelta(days=use_case.split.train.first)


def watched_first(use_case: UseCase, newest: dt.date) -> dt.date:
    """The first day that a verdict of the newest day looks at, or one of the nights before it that are caught up."""
    drift, rollout = use_case.drift, use_case.rollout
    windows = drift.window_days * (LONGEST_WINDOWS if drift.measured else 1)
    verdicts = max(drift.of_days, rollout.former_nights, rollout.rollback_nights)
    last = newest - dt.timedelta(days=use_case.maturity_days + use_case.calendar.catch_up_nights)
    return use_case.calendar.scores.newest(last, windows + verdicts)[0]


def base_rates_first(use_case: UseCase, newest: dt.date) -> dt.date:
    """The first day that a base rate of a day which is watched is made of."""
    last = watched_first(use_case, newest) - dt.timedelta(days=max(1, use_case.maturity_days))
    return use_case.calendar.scores.newest(last, BASE_RATE_DAYS)[0]


def _windows(facts: Facts) -> Iterator[Need]:
    """Days whose features and labels stay, and may be made again."""
    use_case, newest = facts.use_case, facts.newest
    assert newest is not None
    yield Need(training_first(use_case, newest), dt.date.max, f"the next training of {use_case.name} reads it")
    yield Need(watched_first(use_case, newest), dt.date.max, f"the monitoring of {use_case.name} looks back at it")
    for one in facts.live or ():
        yield Need(one.first, one.last, f"version {one.version} of {use_case.name} was trained on it: {one.why}")
    for day in facts.pending:
        first = watched_first(use_case, day)
        yield Need(first, day, f"the verdict of {use_case.name} on {day} is to be given again")


def _of_gold(facts: Facts, windows: list[Need]) -> Iterator[tuple[str, Need]]:
    use_case, newest = facts.use_case, facts.newest
    assert newest is not None
    for table in (tables.features(use_case), tables.outcomes(use_case)):
        for window in windows:
            yield table.full_name, window
    looked_at = [window for window in windows if window.why.startswith(("the monitoring", "the verdict"))]
    made = (tables.features(use_case), tables.outcomes(use_case), tables.reasons(use_case))
    for table in tables.of_use_case(use_case):
        if table not in made:
            for window in looked_at:
                yield table.full_name, window
    scores = tables.scores(use_case).full_name
    for day in facts.sending:
        yield scores, Need(day, day, f"its delivery by {use_case.name} is not complete")
    for taken in use_case.taken:
        # Joined into features as far back as a value lives.
        for window in windows:
            back = Need(_back(window.first, taken.group.ttl_days), window.last, window.why)
            yield tables.group(taken.group).full_name, back
    for fallback in use_case.fallback:
        if fallback.last_score is not None:
            first = newest - dt.timedelta(days=fallback.last_score.days)
            yield scores, Need(first, dt.date.max, f"a fallback of {use_case.name} reads the last score")
    if use_case.worth is not None or use_case.drift.estimate is not None or use_case.fallback:
        before = Need(base_rates_first(use_case, newest), dt.date.max, f"base rates of {use_case.name} are made of it")
        for table in (tables.outcomes(use_case), tables.performance(use_case)):
            yield table.full_name, before


def _of_silver(use_case: UseCase, window: Need) -> Iterator[tuple[str, Need]]:
    """What the days of a window are made of: as far back as features look, as far ahead as labels do."""
    late = use_case.calendar.catch_up_nights
    for item in use_case.inputs:
        reach = Need(_back(window.first, item.first + late), window.last, window.why)
        yield tables.silver(use_case.source(item.source)).full_name, reach
    for taken in use_case.taken:
        for item in taken.group.inputs:
            first = _back(window.first, taken.group.ttl_days + item.first + late)
            yield tables.silver(taken.group.source(item.source)).full_name, Need(first, window.last, window.why)
    for name in dict.fromkeys((use_case.entity.source, *use_case.label.sources)):
        ahead = max((one.to_day for one in use_case.label.inputs if one.source == name), default=0)
        back = max((one.first for one in use_case.inputs if one.source == name), default=0)
        reach = Need(_back(window.first, back), _ahead(window.last, ahead), window.why)
        yield tables.silver(use_case.source(name)).full_name, reach


def _silver(use_case: UseCase) -> list[tables.Table]:
    own = [tables.silver(use_case.source(name)) for name in use_case.reads]
    groups = [taken.group for taken in use_case.taken]
    of_groups = [tables.silver(group.source(name)) for group in groups for name in group.reads]
    return [*own, *of_groups, *(tables.group(group) for group in groups)]


def of_group(group: FeatureGroup, newest: dt.date | None) -> list[tuple[str, Need]]:
    """What a feature group needs of its sources' silver, by the newest day of its table; it is built also where nobody takes it."""
    late = max((owner.calendar.catch_up_nights for owner in group.shared), default=0)
    if newest is None:
        every = Need(
            dt.date.min, dt.date.max, f"feature group {group.name} v{group.version}: nothing is built of it yet"
        )
        return [(tables.silver(group.source(name)).full_name, every) for name in group.reads]
    why = f"feature group {group.name} v{group.version} looks back at it"
    return [
        (
            tables.silver(group.source(item.source)).full_name,
            Need(_back(newest + DAY, item.first + late), dt.date.max, why),
        )
        for item in group.inputs
    ]


def _back(day: dt.date, days: int) -> dt.date:
    return dt.date.fromordinal(max(day.toordinal() - days, 1))


def _ahead(day: dt.date, days: int) -> dt.date:
    return dt.date.fromordinal(min(day.toordinal() + days, dt.date.max.toordinal()))
