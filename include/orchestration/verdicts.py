"""The decisions that stand in the graph: the jobs make them, these tasks show which way it went and why."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

log = logging.getLogger(__name__)

# What the gate can decide; each is a task of train__<use_case>.
VERDICTS = ("promoted", "held", "unchanged")

# Why monitoring asks for a retraining, for the run that it triggers.
REASONS = "{{ ti.xcom_pull(task_ids='measure')['retrain_because'] | join('; ') }}"
# The newest day judged: a day that comes late changes the verdicts of those after it.
RETRAIN_FOR = "{{ ti.xcom_pull(task_ids='measure')['retrain_for'] }}"

# The rollback that monitoring asks for, as its form is filled in; JSON, for numbers must stay numbers.
ROLLBACK = "{{ ti.xcom_pull(task_ids='measure')['rollback'] | tojson }}"
# One for each pair of versions: the nights that follow ask for the same.
ROLLBACK_RUN = (
    "rollback__{{ ti.xcom_pull(task_ids='measure')['rollback']['from_version'] }}"
    "_to_{{ ti.xcom_pull(task_ids='measure')['rollback']['to_version'] }}"
)


@task.branch(task_id="roll_back_or_not")
def choose_rollback(result: Any) -> str:
    """Go on to the rollback when the former champion did better."""
    for reason in result["roll_back_reasons"]:
        log.info("- %s", reason)
    return "request_rollback" if result["roll_back"] else "champion_stays"


@task.branch(task_id="retrain_or_not")
def choose_retraining(result: Any) -> str:
    """Go on to the retraining when the measured day asks for one."""
    _say_reasons("violated" if result["violated"] else "within its limits", result)
    return "request_retraining" if result["retrain"] else "all_quiet"


@task.branch
def ask_or_not(result: Any) -> str:
    """Go on to the person when the gate proposes a promotion, and to the verdict when it has decided."""
    _say_reasons(result["verdict"], result)
    return "approval" if result["verdict"] == "proposed" else "last"


@task(trigger_rule="none_failed_min_one_success")
def last(judged: Any, answered: Any) -> Any:
    """What the gate has said last: after the person's answer, or, when nobody had to be asked, at once."""
    return answered or judged


@task.branch(task_id="verdict")
def choose_verdict(result: Any) -> str:
    """Go on to the task that is named like the gate's verdict."""
    if result["verdict"] not in VERDICTS:
        raise AirflowFailException(f"the gate said {result['verdict']!r}; expected one of {', '.join(VERDICTS)}")
    return str(result["verdict"])


@task.short_circuit
def unless_dry_run(plan: Any, dry_run: str) -> bool:
    """Go on when something is stale and this is no dry run."""
    log.info("%d stale partition(s)", len(plan["partitions"]))
    for line in plan["partitions"]:
        log.info("- %s %s: %s", line["table"], line["partition"], "; ".join(line["reasons"]))
    return dry_run != "True" and plan["status"] != "fresh"


@task
def say(result: Any) -> None:
    """Log the verdict and its reasons."""
    _say_reasons(result["verdict"], result)


def _say_reasons(verdict: str, result: dict[str, Any]) -> None:
    log.info("Verdict: %s", verdict)
    for reason in result.get("reasons", []):
        log.info("- %s", reason)
