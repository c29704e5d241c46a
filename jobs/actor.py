"""Who runs a stage, as the event tables keep it: what is proven, and what is only said."""

from __future__ import annotations

import os
import pwd

from lakehouse import settings


def recorded(said: str | None) -> str:
    """The actor of a command line.

    Inside a task of Airflow's it is what the task says: Airflow's own record of the user who triggered the run, or answered.
    Elsewhere it is the user of the system whose process this is, and a name that was typed stands behind it as typed.

    Args:
        said: the value of ``--actor``; None where there is none.
    """
    if settings.in_airflow_task():
        return said or "airflow"
    proven = f"cli:{_user()}"
    return proven if said is None else f"{proven} (says: {said})"


def _user() -> str:
    number = os.geteuid()
    try:
        # Not the environment's LOGNAME or USER, which anybody sets.
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
