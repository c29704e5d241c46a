"""When a night is late, at any hour of any zone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.declaration import UseCase
from lakehouse.status import due
from tests import status_nights as nights
from tests.lakehouse.status.more_situations import HOUR
from tests.status_nights import NOW


def test_an_hour_before_that_of_the_night_is_the_next_morning_s(tmp_path: Path) -> None:
    sections = {"alerts": {"late_after": "00:10"}, "calendar": {"start": dt.date(2024, 1, 1), "nightly": "30 2 * * *"}}
    found = due.of(nights.declare(tmp_path / "own", "x", **sections), NOW)
    assert found.begins is not None and found.by == found.begins + dt.timedelta(hours=21, minutes=40) and found.declared


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])


@given(
    ZONES,
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2025, 1, 1)),
    st.sampled_from(["30 2 * * *", "0 0 * * *", "59 23 * * *"]),
)
@settings(max_examples=200)
def test_a_night_is_never_late_before_it_begins_also_when_clocks_are_changed(
    zone: str, at: dt.datetime, nightly: str
) -> None:
    declared = nights.appointments.declaration(
        calendar={"start": dt.date(2023, 1, 1), "timezone": zone, "nightly": nightly}
    )
    use_case, now = UseCase.model_validate(declared), at.replace(tzinfo=dt.UTC)
    found = due.of(use_case, now)
    assert found.day is not None and found.begins is not None and found.by is not None
    assert found.begins <= now + HOUR and found.by > found.begins
    # One night a day, and none is left out.
    assert dt.timedelta() <= now - found.begins < dt.timedelta(hours=26) or found.begins > now
