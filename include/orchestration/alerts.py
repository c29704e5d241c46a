"""Telling people, from Airflow: a notifier for the ends of tasks, for approvals and for nights that are late.

What there is to tell is in the platform's records (`lakehouse.alerts.facts`), but for what Airflow alone knows: a task that failed
for good, an approval that waits, an hour that has passed. Each call writes down what is new and sends what is due: what a server
that was away or a killed process has left open goes out with the next task's end. Nothing here fails a task.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import BaseNotifier
from airflow.sdk.configuration import conf

from include.orchestration import decision
from lakehouse import masking, settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from lakehouse.alerts.fact import Fact
    from lakehouse.declaration import UseCase

log = logging.getLogger(__name__)

# The stages whose end may have made a fact.
TELLING = frozenset({"ingest", "monitor", "gate", "rollback", "score"})


def log_remedy(context: Context) -> None:
    """Log one line: what failed for which day, why, and what to do. Called when a task has failed for good."""
    task = context["ti"]
    log.error(
        "%s.%s failed for %s: %s | When the cause is fixed, clear this task: running it again is safe, "
        "each write replaces exactly its own partition.",
        task.dag_id,
        task.task_id,
        _day(context),
        _cause(context),
    )


class AlertNotifier(BaseNotifier):
    """Writes down what is new for the use cases of a task, and sends what is due to their receivers.

    Args:
        seen: what Airflow alone knows, as facts, from the context and the use cases.
    """

    def __init__(self, seen: Callable[[Context, list[UseCase]], list[Fact]] | None = None) -> None:
        super().__init__()
        self.seen = seen

    def notify(self, context: Context) -> None:
        """Tell. An error is logged: what is written down is sent with the next call."""
        try:
            use_cases, dag, run = of_task(context), context["ti"].dag_id, context["dag_run"].run_id
            seen = self.seen(context, use_cases) if self.seen else []
            source = _options(context).get("source")
            tell(use_cases, seen, lambda fact: link(fact, dag, run), source)
        except Exception:
            log.exception("alerts: not everything could be told; what is written down is sent with the next task's end")


def tell(
    use_cases: list[UseCase], seen: list[Fact], link: Callable[[Fact], str], source: str | None = None
) -> tuple[int, int]:
    """Write down what is new of the records and what was seen, and send what is due.

    Args:
        use_cases: whose records, and whose receivers; none: the deployment's receivers are told what was seen.
        seen: facts that are in no record.
        link: the address of a fact's run.
        source: of its deliveries alone the records are looked at.

    Returns:
        How many messages were sent, and to how many receivers none could be.
    """
    from include.orchestration import alert_ways
    from lakehouse.alerts import facts, sending

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    now, pages = clock(), settings.load().mlflow_tracking_uri.rstrip("/")
    pages = pages if "://" in pages else ""
    delivered = [] if source is None else list(facts.of_deliveries([source], now - facts.NEWS))
    everybody = alert_ways.of_deployment() if not all(one.alerts.to for one in use_cases) or not use_cases else []
    for use_case in use_cases:
        recorded = facts.of_records(use_case, now, pages) if source is None else delivered
        sending.write_down([*seen, *recorded], alert_ways.receivers([use_case], everybody), link, now)
    receivers = alert_ways.receivers(use_cases, everybody)
    if not use_cases:
        sending.write_down(seen, receivers, link, now)
    return sending.send_due(receivers, alert_ways.send, clock)


def of_task(context: Context) -> list[UseCase]:
    """The use cases that the task works for: the one that it names, or the readers of its source."""
    from lakehouse.declaration import loader

    options = _options(context)
    if "source" in options:
        return loader.readers(loader.by_source(options["source"])[1])
    name = options.get("use-case") or context["ti"].dag_id.partition("__")[2]
    return [one for one in loader.declared() if one.name == name]


def _options(context: Context) -> Mapping[str, str]:
    """The options of a job's task. A task that asks a person has the answers under this name."""
    options = getattr(context["task"], "options", {})
    return options if isinstance(options, Mapping) else {}


def link(fact: Fact, dag: str, run: str) -> str:
    """The address of the fact's run: of the run that tells it, where that is of its DAG, else of the DAG."""
    base = conf.get("api", "base_url", fallback="").rstrip("/")
    if not base or not fact.dag:
        return ""
    its = f"{base}/dags/{fact.dag}"
    return f"{its}/runs/{run}" if dag == fact.dag else its


def _failure(context: Context, use_cases: list[UseCase]) -> list[Fact]:
    """That the task failed; of a refused delivery that, with the reason that the ledger's line does not have."""
    from lakehouse.alerts import facts

    task, cause, now = context["ti"], _cause(context), dt.datetime.now(dt.UTC)
    if cause.startswith("DeliveryRejected"):
        return list(facts.of_deliveries([_options(context)["source"]], now - facts.NEWS, cause))
    whose = task.dag_id.partition("__")[2]
    return [facts.failed(whose, task.dag_id, task.task_id, context["dag_run"].run_id, _day(context), cause, now)]


def _result(context: Context, use_cases: list[UseCase]) -> list[Fact]:
    """What the job's result says that no table does: rows that a fallback decided."""
    from lakehouse.alerts import facts

    result: Mapping[str, Any] = getattr(context["task"], "result", None) or {}
    decided: Mapping[str, Mapping[str, int]] = result.get("fallbacks") or {}
    now = dt.datetime.now(dt.UTC)
    return [
        facts.fallback(use_case.name, dt.date.fromisoformat(day), by_way, context["ti"].dag_id, now)
        for use_case in use_cases
        for day, by_way in decided.items()
    ]


def _waiting(context: Context, use_cases: list[UseCase]) -> list[Fact]:
    """That the gate's proposal waits for a person."""
    from lakehouse.alerts import facts

    gate, now = context["ti"].xcom_pull(task_ids="gate"), dt.datetime.now(dt.UTC)
    return [facts.approval(one.name, gate["model_version"], gate["reasons"], gate["run_url"], now) for one in use_cases]


def _release_waiting(context: Context, use_cases: list[UseCase]) -> list[Fact]:
    """That a dataset's version waits for a person."""
    from lakehouse.alerts import facts

    ti, now = context["ti"], dt.datetime.now(dt.UTC)
    return [facts.release_approval(ti.dag_id.partition("__")[2], ti.xcom_pull(task_ids="release")["version"], now)]


def _erasure_waiting(context: Context, use_cases: list[UseCase]) -> list[Fact]:
    """That an erasure waits for a person."""
    from lakehouse.alerts import facts

    source = context["ti"].dag_id.partition("__")[2]
    return [facts.erasure_approval(source, context["dag_run"].run_id, dt.datetime.now(dt.UTC))]


def _day(context: Context) -> str:
    return context["dag_run"].partition_key or (context.get("params") or {}).get("partition") or "no day"


def _cause(context: Context) -> str:
    """The first line of what a task says, without secrets: what a library of Airflow's raises has met none of our masks."""
    return masking.mask(_said(context))


def _said(context: Context) -> str:
    return (str(context.get("exception") or "").strip() or "see the task's log").splitlines()[0]


@decision.made_by(PythonOperator)
def send_open() -> dict[str, int]:
    """Write down and send what is due of all use cases. What a server does not take is tried again the next hour."""
    from lakehouse.alerts import budget_facts
    from lakehouse.declaration import datasets, loader
    from lakehouse.ops import costs

    # A run that was killed is in no table until somebody looks.
    costs.fold()
    now = dt.datetime.now(dt.UTC)
    if seen := [fact for dataset in datasets.declared() for fact in budget_facts.of_dataset(dataset, now)]:
        tell([], seen, lambda fact: link(fact, "", ""))
    sent, away = tell(loader.declared(), [], lambda fact: link(fact, "", ""))
    return {"sent": sent, "receivers_away": away}


# A notifier each, shared by all tasks: parsing makes none.
task_failed, job_done, approval_waits = AlertNotifier(_failure), AlertNotifier(_result), AlertNotifier(_waiting)
release_waits, erasure_waits = AlertNotifier(_release_waiting), AlertNotifier(_erasure_waiting)
