"""Approval of a promotion by a person: the evidence on Airflow's screen, and the answer for the gate."""

from __future__ import annotations

import datetime as dt

from airflow.providers.standard.operators.hitl import HITLOperator

from include.orchestration import alerts
from include.orchestration.second_person import APPROVE, REJECT, PersonOperator, SecondPersonOperator
from lakehouse.declaration import Approval, UseCase

__all__ = ["ACTOR", "APPROVE", "CELL", "EVIDENCE", "REJECT", "answer_to", "ask", "operator", "question"]

# The person's answer and name; without a user the time ran out.
_RESPONSE = "{% set response = ti.xcom_pull(task_ids='approval') %}"
_ANSWER = (
    "{{ 'timeout' if not response.responded_by_user else "
    f"'approved' if '{APPROVE}' in response.chosen_options else 'rejected' }}}}"
)
# Read of an answer that has it not, so that the error of the task says it.
_OTHER = "answer to what is asked now, only to an earlier question: clear the task approval, and have it answered"
ACTOR = _RESPONSE + "airflow{{ ':' ~ response.responded_by_user.name if response.responded_by_user else '' }}"

# A value that was delivered stands in one line and one cell, whatever it is: it is no link, no picture, no code and no HTML.
CELL = r"""
{%- macro cell(value) -%}
{{ (value | string).split() | join(' ') | truncate(200, true, '...', 0) | replace('\\', '\\\\') | replace('|', '\\|')
| replace('[', '\\[') | replace('<', '\\<') | replace('`', "'") }}
{%- endmacro -%}
"""

# The evidence as Markdown, from the result of the task `gate`.
EVIDENCE = """\
{%- set gate = ti.xcom_pull(task_ids='gate') -%}
{%- set evidence = gate.evidence -%}
{%- set champion = evidence.champion or {} -%}
The gate would promote version {{ gate.model_version }}
{%- if gate.champion_version %} in the place of champion version {{ gate.champion_version }}{% endif %}, because

{% for reason in gate.reasons %}- {{ cell(reason) }}
{% endfor %}
[The run in MLflow, with its plots]({{ gate.run_url }})

Measured on {{ evidence.rows }} rows of {{ evidence.judged_days | join(' to ') }}:

| metric | version {{ gate.model_version }} | {{ 'champion' if champion else 'no champion' }} |
| --- | --- | --- |
{% for name, value in evidence.challenger.items() if value is not none -%}
| {{ name | replace('_', ' ') }} | {{ '%.4f' % value if value % 1 else '%d' % value }} | \
{{ '' if champion.get(name) is none else '%.4f' % champion[name] if champion[name] % 1 else '%d' % champion[name] }} |
{% endfor %}
{%- if evidence.slices %}
Better than the champion by slice ({{ evidence.metric | replace('_', ' ') }}, {{ '%g' % (100 * evidence.certainty) }} % \
interval; the least better first):

| slice | rows | better by | interval |
| --- | --- | --- | --- |
{% for one in (evidence.slices | sort(attribute='difference'))[:12] -%}
| {{ cell(one.slice ~ ' ' ~ one.value) }} | {{ one.rows }} | {{ '%.4f' % one.difference }} | \
{{ '%.4f to %.4f' % (one.low, one.high) if one.low is not none else 'too few days' }} |
{% endfor %}
{%- endif %}
"""


def answer_to(question: str) -> str:
    """The template of the answer to a question; it renders for no answer to another one, and so fails its task.

    Args:
        question: the template of the question, by what is carried out when it is approved.
    """
    return (
        f"{_RESPONSE}{{% set asked %}}{question}{{% endset %}}"
        f"{{% if response.question != asked %}}{{{{ response['{_OTHER}'] }}}}{{% endif %}}{_ANSWER}"
    )


def question(use_case: UseCase, task: str = "gate") -> str:
    """What is asked, by the version in the result of that task."""
    return f"Promote version {{{{ ti.xcom_pull(task_ids='{task}')['model_version'] }}}} of {use_case.name} to champion?"


def operator(two_people: bool) -> type[HITLOperator]:
    """The operator that asks as is declared: anybody who may answer, or with ``two_people`` nobody who has asked for the run."""
    return SecondPersonOperator if two_people else PersonOperator


def ask(use_case: UseCase, approval: Approval) -> HITLOperator:
    """The task that waits for the person; without an answer in the declared time it continues as rejected, without a user."""
    return operator(approval.two_people)(
        task_id="approval",
        subject=question(use_case),
        body=CELL + EVIDENCE,
        options=[APPROVE, REJECT],
        defaults=REJECT,
        response_timeout=dt.timedelta(hours=approval.hours),
        notifiers=alerts.approval_waits,
    )
