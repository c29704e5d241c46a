"""What the cluster lives through: a history, a training, and then night after night, each with a fault."""

from __future__ import annotations

import datetime as dt

USE_CASE = "flight_delays"
SOURCES = ("flight_schedule", "flight_outcomes", "weather", "planes")
HISTORY = (dt.date(2013, 1, 1), dt.date(2013, 2, 21))
# The first models of February are held by the gate: of its snow they foretell too little.
TRAINED_FOR = dt.date(2013, 2, 22)
FIRST_NIGHT = TRAINED_FOR
# Delivered in the night before a day: its plan, and what became of the day before.
PLAN, RESULTS = "flight_schedule", ("flight_outcomes", "weather")
DAY = dt.timedelta(days=1)


def night(number: int) -> dt.date:
    """The day of the night of that number, from 0."""
    return FIRST_NIGHT + number * DAY
