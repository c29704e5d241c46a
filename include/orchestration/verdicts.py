"""The decisions in the graph: the jobs make them, these tasks branch by them and log the reasons."""

from __future__ import annotations

import logging
from typing import Any

from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.sdk.exceptions import AirflowFailException

from include.orchestration import decision

log = logging.getLogger(__name__)

# The gate's possible verdicts; each is a task of train__<use_case>.
VERDICTS = ("promoted", "held", "unchanged")

# Why monitoring requests a retraining, for the run that it triggers: as long as the form of that run allows (`form.ONE_LINE`).
REASONS = (
    "{% set measure = ti.xcom_pull(task_ids='measure') %}"
    "{{ (measure.retrain_reasons + measure.retrain_because) | join('; ') | truncate(500, true, '...', 0) }}"
)
# The newest day with a new verdict: a day that comes late changes the verdicts of those after it.
RETRAIN_FOR = "{{ ti.xcom_pull(task_ids='measure')['retrain_for'] }}"

# The form of the rollback that monitoring requests; JSON, for numbers must stay numbers.
ROLLBACK = "{{ ti.xcom_pull(task_ids='measure')['rollback'] | tojson }}"
# One run for each pair of versions: the nights that follow request the same rollback.
ROLLBACK_RUN = (
    "rollback__{{ ti.xcom_pull(task_ids='measure')['rollback']['from_version'] }}"
    "_to_{{ ti.xcom_pull(task_ids='measure')['rollback']['to_version'] }}"
)


@decision.made_by(BranchPythonOperator, task_id="roll_back_or_not")
def choose_rollback(result: Any) -> str:
    """Go on to the rollback when the former champion was better."""
    for reason in result["roll_back_reasons"]:
        log.info("- %s", reason)
    return "request_rollback" if result["roll_back"] else "champion_stays"


@decision.made_by(BranchPythonOperator, task_id="retrain_or_not")
def choose_retraining(result: Any) -> str:
    """Go on to the retraining when the measured day asks for one."""
    _log_verdict("violated" if result["violated"] else "within its limits", result)
    return "request_retraining" if result["retrain"] else "all_quiet"


@decision.made_by(BranchPythonOperator)
def ask_or_not(result: Any) -> str:
    """Go on to the person when the gate proposes a promotion, and to the verdict when it has decided."""
    _log_verdict(result["verdict"], result)
    return "approval" if result["verdict"] == "proposed" else "last"


@decision.made_by(PythonOperator, trigger_rule="none_failed_min_one_success")
def last(decided: Any, answered: Any) -> Any:
    """The gate's final result: after the person's answer, or, where no approval is needed, at once."""
    return answered or decided


@decision.made_by(BranchPythonOperator, task_id="verdict")
def choose_verdict(result: Any) -> str:
    """Go on to the task named after the gate's verdict."""
    if result["verdict"] not in VERDICTS:
        raise AirflowFailException(
            f"the gate's verdict: expected one of {', '.join(VERDICTS)}, found {result['verdict']!r}"
        )
    return str(result["verdict"])


@decision.made_by(ShortCircuitOperator)
def unless_dry_run(plan: Any, dry_run: str) -> bool:
    """Go on when something is stale and this is no dry run."""
    log.info("%d stale partition(s)", len(plan["partitions"]))
    for line in plan["partitions"]:
        log.info("- %s %s: %s", line["table"], line["partition"], "; ".join(line["reasons"]))
    return dry_run != "True" and plan["status"] != "fresh"


@decision.made_by(ShortCircuitOperator)
def if_waiting(result: Any) -> bool:
    """Go on to the person when the gate lets the version pass and an approval is declared."""
    log.info("version %s: %s", result.get("version"), result["status"])
    for reason in result.get("reasons", ()):
        log.info("- %s", reason)
    return bool(result["status"] == "waiting")


@decision.made_by(PythonOperator)
def log_result(result: Any) -> None:
    """Log the verdict and its reasons."""
    _log_verdict(result["verdict"], result)


def _log_verdict(verdict: str, result: dict[str, Any]) -> None:
    log.info("Verdict: %s", verdict)
    for reason in result.get("reasons", []):
        log.info("- %s", reason)
