"""The task that replaces what was delivered, after a restatement or a rollback has scored it again."""

from __future__ import annotations

from typing import Any

from include.orchestration import connections, form_values
from lakehouse.declaration import UseCase

# The task before does not deliver: only this one has the connections of the targets.
AFTERWARDS = {"no-deliver": "True"}


def of_days(use_case: UseCase) -> dict[str, Any]:
    """A job's arguments: of the days in the form, or of all, those that were delivered before and have changed since."""
    return _job(use_case, {"partition": form_values.PARTITION, "through": form_values.THROUGH})


def of_all_days(use_case: UseCase) -> dict[str, Any]:
    """The same of all days, and only shown in a dry run."""
    return _job(use_case, {}, {"dry-run": form_values.DRY_RUN})


def _job(use_case: UseCase, days: dict[str, str], switches: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "stage": "deliver",
        "options": {"use-case": use_case.name, "actor": form_values.ACTOR, **days},
        "switches": {"corrections": "True", **(switches or {})},
        "all_days": True,
        "needs_spark": False,
        "connections": connections.of_targets(use_case),
    }
