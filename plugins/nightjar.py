"""Registers with Airflow what the scheduler must know to read our schedules."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from include.orchestration import fork_server
from include.orchestration.day_shift import DayShiftMapper
from include.orchestration.nightly import NightlyTimetable


class NightjarPlugin(AirflowPlugin):
    """The mapper that shifts partitions by days, the nightly timetable, and the listener that starts the fork server."""

    name = "nightjar"
    partition_mappers = [DayShiftMapper]  # noqa: RUF012  # as the base class declares it
    timetables = [NightlyTimetable]  # noqa: RUF012
    listeners = [fork_server]  # noqa: RUF012
