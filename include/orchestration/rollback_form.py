"""The form of a rollback."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from include.orchestration import form


def fields() -> dict[str, Param]:
    """The form of a rollback."""
    version: dict[str, Any] = {"type": ["null", "integer"], "minimum": 1}
    return {
        "reason": Param(
            "",
            type="string",
            minLength=1,
            maxLength=1000,
            pattern=form.ONE_LINE["pattern"],
            title="Reason",
            description="Why, in one line: it is recorded in ops.model_events with your name.",
        ),
        "to_version": Param(
            None,
            **version,
            title="Back to version",
            description="A version that was champion before. Empty: the one before the present champion, by ops.model_events.",
        ),
        "rescore": Param(
            False,
            type="boolean",
            title="Score the nights since again",
            description="On: the nights that were scored by the versions rolled back from are scored again by the champion, and "
            "measured again. `chosen_by` in the scores records it.",
        ),
        "from_version": Param(
            None,
            **version,
            title="Only from version",
            description="Only if this version is still champion; else nothing is done. Empty: whichever version is champion.",
        ),
        **form.dry_run("the log of `roll_back` says to which version, and which nights would be scored again"),
    }
