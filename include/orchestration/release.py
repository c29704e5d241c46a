"""Approval of a dataset's version by a person: what the gate found on Airflow's screen, and the answer for the job."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.python import ShortCircuitOperator

from include.orchestration import alerts, approval, decision
from include.orchestration.approval import ACTOR, ANSWER
from lakehouse.declaration import Approval, Dataset

__all__ = ["ACTOR", "ANSWER", "VERSION", "ask", "if_waiting"]

log = logging.getLogger(__name__)

VERSION = "{{ ti.xcom_pull(task_ids='release')['version'] }}"

# What the gate found, as Markdown, from the result of the task `release`.
FOUND = """\
{%- set release = ti.xcom_pull(task_ids='release') -%}
The gate would publish version {{ release.version }}:

| looked at | found | expected |
| --- | --- | --- |
{% for one in release.findings -%}
| {{ one.name }} | {{ one.found }} | {{ one.expected }} |
{% endfor %}
"""


def ask(dataset: Dataset, declared: Approval) -> HITLOperator:
    """The task that waits for the person; without an answer in the declared time it continues as rejected, without a user."""
    return HITLOperator(
        task_id="approval",
        subject=f"Publish version {VERSION} of {dataset.name}?",
        body=FOUND,
        options=[approval.APPROVE, approval.REJECT],
        defaults=approval.REJECT,
        response_timeout=dt.timedelta(hours=declared.hours),
        notifiers=alerts.release_waits,
    )


@decision.made_by(ShortCircuitOperator)
def if_waiting(result: Any) -> bool:
    """Go on to the person when the gate lets the version pass and an approval is declared."""
    log.info("version %s: %s", result.get("version"), result["status"])
    for reason in result.get("reasons", ()):
        log.info("- %s", reason)
    return bool(result["status"] == "waiting")
