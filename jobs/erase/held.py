"""Whether something that an erasure reaches is held, and has to stay whatever is asked for."""

from __future__ import annotations

import datetime as dt

from jobs.erase.reach import Reach
from lakehouse.declaration import loader, retention_file
from lakehouse.errors import RetentionRefused
from lakehouse.retention import subjects


def by(reached: Reach, today: dt.date) -> list[str]:
    """The holds that are about what is reached: what is held, and why. Their days are not compared: a row may be in any.

    Raises:
        DeclarationError: when ``retention.yaml`` is wrong.
    """
    retention = retention_file.load()
    if not any(hold.holds(today) for hold in retention.holds):
        return []
    names = {one.source.name for one in reached.subjects} | {one.name for one in reached.use_cases}
    names |= {one.name for one in reached.groups} | {
        dataset.name for one in reached.subjects for dataset in one.datasets
    }
    every = [one for one in subjects.all_of(loader.find(), retention) if one.called & names]
    called = {name for one in every for name in one.called}
    if reached.use_cases:
        # Rows go from the samples of their models.
        called.add(subjects.ARTIFACTS)
    return [f"{hold.what} ({hold.reason})" for hold in retention.holds if hold.what in called and hold.holds(today)]


def refusal(reached: Reach, holds: list[str]) -> RetentionRefused:
    """The error for an erasure of what is held."""
    return RetentionRefused(
        f"source {reached.subjects[0].source.name}: expected nothing of it to be held, found by retention.yaml: "
        f"{'; '.join(holds)}; nothing was erased: end the hold, or decide that the erasure goes before it (--despite-hold; in "
        'Airflow "Despite a hold" in the form)'
    )
