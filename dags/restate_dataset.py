"""Airflow DAGs restate__<dataset>: build again what a changed delivery, filter or check made stale. It makes no call."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    assets,
    dataset_docs,
    defaults,
    form,
    form_fields,
    form_values,
    verdicts,
    wanted,
)
from include.orchestration.job import JobOperator

for dataset in wanted.datasets(__file__):
    days = {"dataset": dataset.name, "partition": form_values.PARTITION, "through": form_values.THROUGH}
    with (
        apart.made_for(dataset.name),
        DAG(
            dag_id=f"restate__{dataset.name}",
            description=f"Build again what is stale of {dataset.title}",
            doc_md=dataset_docs.restate(dataset),
            schedule=None,
            **{**defaults.common(dataset.owner, "restate", dataset.name), "max_active_runs": 1},
        ),
        form_fields.shown(
            {
                **form.some_days("restate"),
                **form.dry_run("the log of the task `plan` lists what is stale and why"),
            }
        ),
    ):
        plan = JobOperator(task_id="plan", stage="stale", options=days, all_days=True, needs_spark=False)
        restate = JobOperator(
            task_id="restate",
            stage="restate",
            options=days,
            all_days=True,
            needs_spark=False,
            outlets=[assets.documents(dataset)],
        )
        verdicts.unless_dry_run(plan.output, form_values.DRY_RUN) >> restate
