"""When each DAG runs, made from the declarations."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, AssetAll, AssetAny, PartitionedAssetTimetable
from airflow.sdk.definitions.asset import BaseAsset
from airflow.sdk.definitions.partition_mappers.base import PartitionMapper

from include.orchestration import assets, defaults
from include.orchestration.day_shift import DayShiftMapper
from include.orchestration.nightly import NightlyTimetable
from lakehouse.declaration import Calendar, Dataset, FeatureGroup, Input, Owner, Source, UseCase, nights

HOURS_OF_A_DAY = 24


def nightly(owner: Owner, source: Source) -> NightlyTimetable:
    """Every night of the calendar, for the day that is delivered that night."""
    return _nightly(owner.calendar, source.arrives_after_days)


# Airflow describes a cron in words when a schedule is made, which takes longer than making a DAG: sources of one calendar share it.
@lru_cache(maxsize=1024)
def _nightly(calendar: Calendar, arrives_after_days: int) -> NightlyTimetable:
    return NightlyTimetable(
        calendar.nightly,
        timezone=calendar.timezone,
        arrives_after_days=arrives_after_days,
        first=calendar.start,
        last=calendar.end,
        catch_up_nights=calendar.catch_up_nights,
    )


def at_fallback_hour(use_case: UseCase) -> NightlyTimetable:
    """Every day of the calendar at the declared hour of its night: the next morning's where the hour comes before the nightly run.

    Missed ones are not caught up: by then score does it, or a person.
    """
    at = use_case.fallback_at or "00:00"
    hour, minute = at.split(":")
    return _nightly(
        use_case.calendar.model_copy(update={"nightly": f"{int(minute)} {int(hour)} * * *", "catch_up_nights": 0}),
        nights.days_after(use_case, at),
    )


def nights_at_once(source: Source) -> int:
    """How many nights of a source are ingested at once, backfills aside: one, so that no night overtakes the one before.

    Where a delivery may be waited for until the next one arrives, a night must not hold up those after it.
    """
    waits = source.freshness is not None and source.freshness.hours > HOURS_OF_A_DAY
    return defaults.MAX_ACTIVE_RUNS if waits else 1


def start(owner: Owner) -> dt.datetime:
    """The midnight that begins the calendar."""
    calendar = owner.calendar
    return dt.datetime.combine(calendar.start, dt.time(), tzinfo=ZoneInfo(calendar.timezone))


def daily_inputs(use_case: UseCase | FeatureGroup) -> list[Input]:
    """The inputs whose arrival starts the features of a day. Reference data changes seldom and starts nothing."""
    return [item for item in use_case.inputs if use_case.source(item.source).cadence == "daily"]


def when_inputs_arrive(use_case: UseCase | FeatureGroup) -> PartitionedAssetTimetable:
    """Features of day D start when the newest day that they read of every daily source has arrived, and day D of each group."""
    shifts: dict[BaseAsset, PartitionMapper] = {
        assets.silver(use_case.source(item.source)): _shift(use_case, item.last) for item in daily_inputs(use_case)
    }
    if isinstance(use_case, FeatureGroup):
        return _when_all(use_case, shifts)
    shifts |= {assets.group(taken.group): _shift(use_case, 0) for taken in use_case.taken}
    if not shifts:
        # A use case that reads reference data alone follows its population.
        shifts = {assets.silver(use_case.source(use_case.entity.source)): _shift(use_case, 0)}
    return _when_all(use_case, shifts)


def _when_all(use_case: UseCase | FeatureGroup, shifts: dict[BaseAsset, PartitionMapper]) -> PartitionedAssetTimetable:
    return PartitionedAssetTimetable(
        assets=AssetAll(*shifts), partition_mapper_config=shifts, default_partition_mapper=_shift(use_case, 0)
    )


def when_updated(use_case: UseCase | Dataset, asset: Asset) -> PartitionedAssetTimetable:
    """Day D starts when day D of the asset was updated."""
    return PartitionedAssetTimetable(assets=asset, default_partition_mapper=_shift(use_case, 0))


def when_scored_or_matured(use_case: UseCase) -> PartitionedAssetTimetable:
    """Monitoring of day D starts when D was scored; on a day that is not scored when labels of one that is mature: then, when the
    delivery of that night has come.
    """
    scores, calendar, maturity = assets.scores(use_case), use_case.calendar, use_case.maturity_days
    clock = next((source for source in map(use_case.source, _clocks(use_case)) if source.cadence == "daily"), None)
    if calendar.scores.daily or clock is None:
        return when_updated(use_case, scores)
    matures = DayShiftMapper(clock.arrives_after_days, calendar.timezone, calendar.scores, maturity)
    shifts: dict[BaseAsset, PartitionMapper] = {
        scores: _shift(use_case, 0),
        assets.silver(clock): cast("PartitionMapper", matures),
    }
    return PartitionedAssetTimetable(
        assets=AssetAny(*shifts), partition_mapper_config=shifts, default_partition_mapper=_shift(use_case, 0)
    )


def _clocks(use_case: UseCase) -> tuple[str, ...]:
    """The sources whose deliveries tell that a night has come: the label's, or where these come seldom, the population's."""
    return *use_case.label.sources, use_case.entity.source


def _shift(use_case: UseCase | FeatureGroup | Dataset, days: int) -> PartitionMapper:
    # The scheduler requires its own mapper class, the SDK's annotations another, which only wraps it.
    return cast("PartitionMapper", DayShiftMapper(days, use_case.calendar.timezone, use_case.calendar.scores))
