"""The tasks of an erasure: the job, which gets the key by a file, and the person who approves it.

The key of an erasure is to be in as few places as can be. It is typed into the run's form, and so is in the run's ``conf`` until
the run is deleted. From there it goes to the job by a file that only this user reads: it is in no rendered field, no command line,
no result and no log. The reason goes the same way, since people name the key in it.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.log import mask_secret

from include.orchestration import alerts, approval, connections, decision, erasure_form, form_values
from include.orchestration.job import JobOperator
from lakehouse import fingerprints
from lakehouse.declaration import Source, datasets, feature_groups, loader

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

ACTOR = approval.ACTOR
# So long a person may take to answer. Without an answer nothing is erased.
HOURS = 72

# What was found, as Markdown, from the result of the task `find`. Without the key: it is what is to go from everywhere.
FOUND = """\
{%- set found = ti.xcom_pull(task_ids='find') -%}
Asked by {{ dag_run.triggering_user_name or 'nobody known' }}\
{% if found.reason %}, because: {{ cell(found.reason) }}{% endif %}.

The key stands in this run's form (Details, configuration) and not here: look at it before you approve. It is of
{{ found.sources | join(', ') }}.

| place | rows, files or calls |
| --- | --- |
{% for name, count in found.places.items() -%}
| {{ cell(name) }} | {{ count }} |
{% else -%}
| nothing is here; it stays out if it comes later | 0 |
{% endfor %}
{%- if found.learned %}
Versions of models that learned from it: {% for one in found.learned %}{{ one.use_case }} {{ one.model_version }} \
{% endfor %}
{%- endif %}

{%- if found.unlinked %}
Rows of other sources that have the same value, and stay, since no link is declared: \
{% for name, count in found.unlinked.items() %}\
{{ cell(name) }} {{ count }}{{ ', ' if not loop.last }}{% endfor %}.
{% endif %}
{%- if found.held %}
**Held by retention.yaml:** {{ cell(found.held | join('; ')) }}. Who asked wants the erasure to go before the hold: approve it \
only if that is decided.
{%- endif %}

What is erased can't be brought back. {{ found.message }}
"""


class EraseOperator(JobOperator):
    """Runs the stage erase for the key in the run's form, with the connections of everything that may have it."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job.

        Raises:
            AirflowFailException, AirflowException: as every job's task.
        """
        key = str(context["params"][erasure_form.KEY])
        mask_secret(key)
        self.connections = _connections()
        prefix = f"nightjar-job-{fingerprints.digest(self.dag_id, context['run_id'], self.task_id)[:16]}-"
        # A try that was killed could not remove its own.
        for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            files = {"key-file": key, "reason-file": str(context["params"]["reason"] or form_values.NO_REASON)}
            for name, text in files.items():
                file = Path(folder) / name
                file.touch(mode=0o600)
                file.write_text(text, encoding="utf-8")
                self.options = {**self.options, name: str(file)}
            return super().execute(context)


def question(source: Source) -> str:
    """What is asked."""
    return f"Erase what is about a key of {source.name} from everything?"


def ask(source: Source) -> HITLOperator:
    """The task that waits for the person; without an answer in time it continues as rejected, without a user."""
    two_people = source.erasure is not None and source.erasure.two_people
    return approval.operator(two_people)(
        task_id="approval",
        subject=question(source),
        body=approval.CELL + FOUND,
        options=[approval.APPROVE, approval.REJECT],
        defaults=approval.REJECT,
        response_timeout=dt.timedelta(hours=HOURS),
        notifiers=alerts.erasure_waits,
    )


@decision.made_by(ShortCircuitOperator)
def if_meant(found: Any, dry_run: str, despite_hold: str) -> bool:
    """Go on to the person, unless this is a dry run, or what would be erased is held: then nobody is asked in vain."""
    return meant(found, dry_run == "True", despite_hold == "True")


def meant(found: Any, dry_run: bool, despite_hold: bool) -> bool:
    """The same, from the result of the task `find`.

    Raises:
        AirflowFailException: it is held.
    """
    for name, count in found["places"].items() or [("nothing is here; it stays out if it comes later", 0)]:
        log.info("%s: %d", name, count)
    if found["message"]:
        log.info(found["message"])
    if dry_run or despite_hold or not found.get("held"):
        return not dry_run
    raise AirflowFailException(
        f"the erasure: expected nothing of it to be held, found by retention.yaml: {'; '.join(found['held'])}; nothing was erased, "
        'and nobody was asked: end the hold and clear `find`, or trigger a run with "Despite a hold" on'
    )


@decision.made_by(ShortCircuitOperator)
def if_approved(answer: str) -> bool:
    """Go on when the person has approved."""
    return answer == "approved"


@decision.made_by(PythonOperator)
def trainings(result: Any) -> list[dict[str, Any]]:
    """The runs of training that use cases ask for whose champions have learned from it."""
    return trainings_of(result)


def trainings_of(result: Any) -> list[dict[str, Any]]:
    """The same, from the result of the task `erase`."""
    reason = "its champion learned from rows that were erased on request"
    return [
        {
            "trigger_dag_id": f"train__{name}",
            "trigger_run_id": f"{form_values.RETRAIN}{day}",
            "conf": {"partition": day, "reason": reason},
        }
        for name, day in (result or {}).get("retrain", {}).items()
    ]


def _connections() -> list[str]:
    """Those of all targets, and of all that serves: which of them may have the key the job finds out."""
    found = loader.find()
    names = [name for one in loader.use_cases_of(found) for name in connections.of_targets(one)]
    names += [name for one in feature_groups.among(found) for name in connections.of_group(one)]
    names += [name for one in datasets.among(found) for name in connections.of_dataset(one)]
    return sorted(set(names))
