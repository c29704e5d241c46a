"""The days of a use case: the calendar of its data, its time zone, and the hour of the nightly run."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.rhythm import DAILY, Rhythm
from lakehouse.declaration.section import GrownSection

# Airflow's and Spark's clocks count from instants near these without running over.
FIRST, LAST = dt.date(1900, 1, 1), dt.date(2200, 1, 1)
# Names that Python finds on some machines, and Java on none.
_LOCAL_NAMES = ("localtime", "posixrules", "Factory", "posix/", "right/")


class Calendar(GrownSection):
    """The days with data, the time zone whose midnight starts a day, the hour of the nightly run, and which days are scored.

    ``nightly`` is a cron of five fields: minute, hour, day of month, month, day of week; or one of Airflow's names, such as @daily.
    """

    LATER = ("scores",)

    start: dt.date = Field(ge=FIRST, le=LAST)
    end: dt.date | None = None
    timezone: str = "UTC"
    nightly: str = "0 1 * * *"
    # How many nights at most are caught up after an outage, the newest; with 0 only the night that is due.
    catch_up_nights: int = Field(default=7, ge=0, le=366)
    # The days for which features are built, scores are made, and models are trained and judged.
    scores: Rhythm = Field(default_factory=Rhythm)

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        expected = f"an IANA time zone such as Europe/Paris is expected, found {value!r}"
        try:
            ZoneInfo(value)
        # A folder of time zones is one of the operating system's errors.
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(expected) from error
        if value.startswith(_LOCAL_NAMES):
            raise ValueError(expected)
        return value

    @field_validator("nightly")
    @classmethod
    def _nightly_fires(cls, value: str) -> str:
        if _EVERY_NIGHT.fullmatch(value):
            return value
        # Airflow's own reader of crons. Imported here: it takes 40 ms and starts a process, and most declarations need none.
        from croniter import CroniterBadDateError, CroniterError, croniter

        written = _NAMES.get(value, value)
        expected = 'a cron of five fields such as "30 1 * * *" is expected'
        if len(written.split()) != 5 or written != written.strip() or _BY_CHANCE.search(written):
            raise ValueError(f"{expected}, found {value!r}")
        try:
            croniter(written, dt.datetime(2024, 1, 1)).get_next()
        except CroniterBadDateError as error:
            raise ValueError(f"{expected}, {value!r} never fires") from error
        except (CroniterError, ValueError, KeyError, AttributeError) as error:
            raise ValueError(f"{expected}, found {value!r}: {error}") from error
        return value

    @field_validator("scores", mode="before")
    @classmethod
    def _says_a_rhythm(cls, value: Any) -> Any:
        if value == DAILY:
            return Rhythm()
        if isinstance(value, Rhythm) or (isinstance(value, dict) and value):
            return value
        raise ValueError(
            f"daily, weekly: with days such as [monday], or monthly: with days such as [1, last] is expected, found {value!r}"
        )

    @model_validator(mode="after")
    def _ends_after_start(self) -> Calendar:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"end {self.end} lies before start {self.start}")
        return self


# A minute and an hour of every day: right by itself.
_EVERY_NIGHT = re.compile(r"[1-5]?[0-9] (1?[0-9]|2[0-3]) \* \* \*")
# Fields that croniter draws by chance or from a hash.
_BY_CHANCE = re.compile(r"(?i)(^|[\s,])[rh]([\s,(/]|$)")
# Airflow's names for crons; a test compares them.
_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
