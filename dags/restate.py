"""Airflow DAGs restate__<use_case>: recompute what a changed input made stale, and no more."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    connections,
    corrections,
    defaults,
    form,
    form_fields,
    form_values,
    night_docs,
    verdicts,
    wanted,
)
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    days = {
        "use-case": use_case.name,
        "partition": form_values.PARTITION,
        "through": form_values.THROUGH,
        "champion": form_values.CHAMPION,
    }
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"restate__{use_case.name}",
            description=f"Recompute what is stale of {use_case.title}",
            doc_md=night_docs.restate(use_case),
            schedule=None,
            **{**defaults.common(use_case.owner, "restate", use_case.name), "max_active_runs": 1},
        ),
        form_fields.shown(
            {
                **form.some_days("restate"),
                **form.champion(),
                **form.dry_run("the log of the task `plan` lists what is stale and why"),
            }
        ),
    ):
        plan = JobOperator(task_id="plan", stage="stale", options=days, all_days=True)
        restate = JobOperator(
            task_id="restate", stage="restate", options=days, switches=corrections.AFTERWARDS, all_days=True
        )
        verdicts.unless_dry_run(plan.output, form_values.DRY_RUN) >> restate
        for group in (taken.group for taken in use_case.taken if taken.group.publish is not None):
            restate >> JobOperator(
                task_id=f"publish_{group.table_name}",
                stage="publish",
                options={"group": group.name, "version": str(group.version), "actor": form_values.ACTOR},
                needs_spark=False,
                connections=connections.of_group(group),
            )
        if use_case.deliver:
            restate >> JobOperator(task_id="deliver_corrections", **corrections.of_days(use_case))
