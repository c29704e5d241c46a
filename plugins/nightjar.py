"""Registers with Airflow what the scheduler must know to read our schedules."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from include.orchestration.day_shift import DayShiftMapper
from include.orchestration.nightly import NightlyTimetable


class NightjarPlugin(AirflowPlugin):
    """The mapper that shifts partitions by days, and the nightly timetable."""

    name = "nightjar"
    partition_mappers = [DayShiftMapper]  # noqa: RUF012  # as the base class declares it
    timetables = [NightlyTimetable]  # noqa: RUF012
