"""The fields of the form that Airflow shows for a run by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

if TYPE_CHECKING:
    from lakehouse.declaration import Source

# For text that people type: it goes into a log and into the event tables.
ONE_LINE: dict[str, Any] = {"maxLength": 500, "pattern": r"^[^\x00-\x1f\x7f]*$"}


def one_day(what: str) -> dict[str, Param]:
    """A form that asks for one day; ``what``: the use of the day."""
    return {
        "partition": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Partition",
            description=f"The day to {what}, YYYY-MM-DD. Not needed when the run has a partition key.",
        )
    }


def days(what: str) -> dict[str, Param]:
    """A form that asks for a day or a range of days."""
    return {
        **one_day(what),
        "through": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Through",
            description="Last day of a range, both ends included. Empty: one day. A range is one Spark application.",
        ),
    }


def some_days(what: str) -> dict[str, Param]:
    """A form that asks for a range of days, or for none: all days."""
    fields = days(what)
    fields["partition"].description = f"The first day to {what}, YYYY-MM-DD. Empty: all days."
    fields["through"].description = "The last day. Empty: the first day alone."
    return fields


def any_volume() -> dict[str, Param]:
    """The switch that takes in a delivery of an unusual size."""
    return {
        "any_volume": Param(
            False,
            type="boolean",
            title="Any number of rows",
            description="On: take in a delivery that was refused for its number of rows. You looked at it, and it is right.",
        )
    }


def any_gap(source: Source) -> dict[str, Param]:
    """The switch that reads on behind messages that a topic has lost; only of a source in Kafka."""
    if source.kafka is None:
        return {}
    return {
        "any_gap": Param(
            False,
            type="boolean",
            title="Any gap",
            description="On: go on behind messages that were deleted before they were read. The ledger says which are missing.",
        )
    }


def champion() -> dict[str, Param]:
    """The field that chooses the model by which days are scored again."""
    return {
        "champion": Param(
            "then",
            type="string",
            enum=["then", "now"],
            title="Champion",
            description="Score a day again by the version that its scores have (then), or by today's champion (now). "
            "The column chosen_by of the scores records it.",
        )
    }


def dry_run(where: str) -> dict[str, Param]:
    """The switch that stops after the plan; ``where``: where to read it."""
    return {
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description=f"On: {where}, and nothing is changed.",
        )
    }


def force() -> dict[str, Param]:
    """The switch that sends also what is up to date."""
    return {
        "force": Param(
            False,
            type="boolean",
            title="Send again",
            description="On: send also what the target should have already, such as after it was restored from a backup.",
        )
    }


def cascade() -> dict[str, Param]:
    """The switch that lets the DAGs that follow run for these days."""
    return {
        "cascade": Param(
            True,
            type="boolean",
            title="Let the DAGs that follow run",
            description="On: every day of the range updates the asset, and what depends on it follows, one run a day. "
            "Off: nothing follows; for loading a long history, where the next stage is started as a range of its own. "
            "A run with a partition key always updates the day of its key.",
        )
    }


def model_version() -> dict[str, Param]:
    """The field that chooses a model version."""
    return {
        "model_version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Model version",
            description="Score with this registered version. Empty: the champion, as every night.",
        )
    }


def reason() -> dict[str, Param]:
    """The field for the reason of a run."""
    return {
        "reason": Param(
            None,
            type=["null", "string"],
            title="Reason",
            **ONE_LINE,
            description="Why the model is trained, for later readers of this run.",
        )
    }


def again(outcomes: Iterable[str]) -> dict[str, Param]:
    """The choice of outcomes after which a call is made, and paid, once more."""
    listed = sorted(outcomes)
    return {
        "again": Param(
            [],
            type="array",
            items={"type": "string", "enum": listed},
            examples=listed,
            title="Pay again for",
            description="Outcomes after which a call is made, and paid, once more. Empty: none; what is open is sent in any case.",
        )
    }


def dataset_version() -> dict[str, Param]:
    """The fields of a release."""
    return {
        "version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version",
            description="The version of the dataset to publish. Empty: the newest one.",
        ),
        **why("the version is published, for the log of versions"),
        **dry_run("the log of `release` says what the gate finds, and what would be written"),
    }


def why(what: str) -> dict[str, Param]:
    """The field for the reason of what is recorded; ``what``: the rest of "Why ..."."""
    return {"reason": Param(None, type=["null", "string"], title="Reason", **ONE_LINE, description=f"Why {what}.")}
