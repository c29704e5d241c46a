"""Approval of a dataset's version by a person: what the gate found on Airflow's screen, and the answer for the job."""

from __future__ import annotations

import datetime as dt

from airflow.providers.standard.operators.hitl import HITLOperator

from include.orchestration import alerts, approval
from include.orchestration.approval import ACTOR
from lakehouse.declaration import Approval, Dataset

__all__ = ["ACTOR", "VERSION", "answer", "ask"]

VERSION = "{{ ti.xcom_pull(task_ids='release')['version'] }}"

# What the gate found, as Markdown, from the result of the task `release`.
FOUND = """\
{%- set release = ti.xcom_pull(task_ids='release') -%}
The gate would publish version {{ release.version }}:

| looked at | found | expected |
| --- | --- | --- |
{% for one in release.findings -%}
| {{ cell(one.rule) }} | {{ cell(one.found) }} | {{ cell(one.expected) }} |
{% endfor %}
"""


def answer(dataset: Dataset) -> str:
    """The template of the answer to the question about the version that is published."""
    return approval.answer_to(_question(dataset))


def ask(dataset: Dataset, declared: Approval) -> HITLOperator:
    """The task that waits for the person; without an answer in the declared time it continues as rejected, without a user."""
    return approval.operator(declared.two_people)(
        task_id="approval",
        subject=_question(dataset),
        body=approval.CELL + FOUND,
        options=[approval.APPROVE, approval.REJECT],
        defaults=approval.REJECT,
        response_timeout=dt.timedelta(hours=declared.hours),
        notifiers=alerts.release_waits,
    )


def _question(dataset: Dataset) -> str:
    return f"Publish version {VERSION} of {dataset.name}?"
