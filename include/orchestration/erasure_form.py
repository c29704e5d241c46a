"""The form of an erasure."""

from __future__ import annotations

from collections.abc import Iterable

from airflow.sdk import Param

from include.orchestration import form

# The field that has the key. By "secret" in its name Airflow's audit log masks what is typed into it.
KEY = "secret_key"


def fields(key: Iterable[str]) -> dict[str, Param]:
    """The form of an erasure; ``key``: the columns that identify a row of the source."""
    columns = list(key)
    several = f"The values of {', '.join(columns)}, in this order, separated by commas. "
    return {
        KEY: Param(
            "",
            type="string",
            minLength=1,
            maxLength=1000,
            pattern=r"^[^\x00-\x1f\x7f]*$",
            title="Key",
            description=(f"The value of {columns[0]}. " if len(columns) == 1 else several)
            + "It is kept in this run's configuration, and nowhere else in Airflow: have an Admin delete the run afterwards.",
        ),
        **form.why("it is erased, for the record of erasures; without the key"),
        **form.dry_run("the log of `if_meant` says what would be taken out of where"),
        "despite_hold": Param(
            False,
            type="boolean",
            title="Despite a hold",
            description="On: erase also what retention.yaml holds. Who approves sees the hold.",
        ),
    }
