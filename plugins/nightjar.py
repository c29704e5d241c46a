"""Registers with Airflow what the scheduler must know to read our schedules."""

from __future__ import annotations

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from include.orchestration import fork_server, one_writer
from include.orchestration.day_shift import DayShiftMapper
from include.orchestration.late_night import HourOfNight
from include.orchestration.nightly import NightlyTimetable
from include.status_page import lazy

DATABASE = conf.get("database", "sql_alchemy_conn")

if DATABASE.startswith("postgresql"):
    # Only there, for it imports for 50 ms.
    from include.orchestration import one_partition_run

    one_partition_run.install()


class NightjarPlugin(AirflowPlugin):
    """The mapper that shifts partitions by days, the nightly timetable, a late night's hour, the fork server, the one writer, and
    the status page, which nothing is imported of before somebody opens it.
    """

    name = "nightjar"
    partition_mappers = [DayShiftMapper]  # noqa: RUF012  # as the base class declares it
    timetables = [NightlyTimetable]  # noqa: RUF012
    deadline_references = [HourOfNight]  # noqa: RUF012
    listeners = [fork_server]  # noqa: RUF012
    fastapi_root_middlewares = one_writer.middlewares(DATABASE)
    fastapi_apps = lazy.APPS
    external_views = lazy.VIEWS
