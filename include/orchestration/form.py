"""The form that Airflow shows for a run by hand, and the templates that read it.

A run has its day from one of two places: the partition key, set by schedules, backfills and updated assets; or the
form's ``partition``. The key comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

if TYPE_CHECKING:
    from lakehouse.declaration import Source

PARTITION = "{{ dag_run.partition_key or params.partition or '' }}"
THROUGH = "{{ params.through or '' }}"
MODEL_VERSION = "{{ params.model_version or '' }}"
# The actor, for the event tables, from Airflow's own record alone: the user who triggered the run, where there is one; else, and
# where another run came between, how the run was started. No field of a form, and nothing of the run's `conf`, reaches it.
_STARTED = "(dag_run.run_type.value | replace('_', ' '))"
ACTOR = (
    "{% set user, started = dag_run.triggering_user_name, " + _STARTED + " %}"
    "{{ 'airflow:' ~ user if user else 'airflow' }}"
    "{{ ' (' ~ started ~ ')' if not user or started == 'operator triggered' else '' }}"
)
CASCADE = "{{ params.cascade }}"
CHAMPION = "{{ params.champion or '' }}"
ANY_VOLUME = "{{ params.any_volume }}"
# Only DAGs of topics have it.
ANY_GAP = "{{ params.get('any_gap', '') }}"
DRY_RUN = "{{ params.dry_run }}"
FORCE = "{{ params.force }}"
# Of a rollback. By the run's name a cleared task is the same rollback, and not another one.
TO_VERSION = "{{ params.to_version or '' }}"
FROM_VERSION = "{{ params.from_version or '' }}"
RESCORE = "{{ params.rescore }}"
REASON = "{{ params.reason }}"
# Of a training by hand; what monitoring asks for is recorded with its reasons already.
RETRAIN = "retrain__"
WHY_TRAIN = f"{{{{ '' if dag_run.run_id.startswith('{RETRAIN}') else params.reason or 'no reason was given' }}}}"
RUN = "{{ dag_run.run_id }}"
# Of an erasure, the field that has the key. By "secret" in its name Airflow's audit log masks what is typed into it.
ERASED_KEY = "secret_key"
# Of datasets.
AGAIN = "{{ (params.again or []) | join(',') }}"
VERSION = "{{ params.version or '' }}"
WHY = "{{ params.reason or 'no reason was given' }}"
# The last day of the run: decisions on a whole range are made on its last day.
LAST_DAY = "{{ params.through or dag_run.partition_key or params.partition or '' }}"

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


def erasure(key: Iterable[str]) -> dict[str, Param]:
    """The form of an erasure; ``key``: the columns that identify a row of the source."""
    columns = list(key)
    several = f"The values of {', '.join(columns)}, in this order, separated by commas. "
    return {
        ERASED_KEY: Param(
            "",
            type="string",
            minLength=1,
            maxLength=1000,
            pattern=r"^[^\x00-\x1f\x7f]*$",
            title="Key",
            description=(f"The value of {columns[0]}. " if len(columns) == 1 else several)
            + "It is kept in this run's configuration, and nowhere else in Airflow: delete the run afterwards.",
        ),
        **why("it is erased, for the record of erasures; without the key"),
        **dry_run("the log of `find` says what would be taken out of where"),
    }


def why(what: str) -> dict[str, Param]:
    """The field for the reason of what is recorded; ``what``: the rest of "Why ..."."""
    return {"reason": Param(None, type=["null", "string"], title="Reason", **ONE_LINE, description=f"Why {what}.")}


def rollback() -> dict[str, Param]:
    """The form of a rollback."""
    version: dict[str, Any] = {"type": ["null", "integer"], "minimum": 1}
    return {
        "reason": Param(
            "",
            type="string",
            minLength=1,
            maxLength=1000,
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
        **dry_run("the log of `roll_back` says to which version, and which nights would be scored again"),
    }
