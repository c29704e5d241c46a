"""Airflow DAGs rollback__<use_case>: make the former champion the champion again."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    corrections,
    defaults,
    form_fields,
    form_values,
    model_docs,
    rollback_form,
    wanted,
)
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"rollback__{use_case.name}",
            description=f"Back to the former champion of {use_case.title}",
            doc_md=model_docs.rollback(use_case),
            schedule=None,
            **{**defaults.common(use_case.owner, "rollback", use_case.name), "max_active_runs": 1},
        ),
        form_fields.shown(rollback_form.fields()),
    ):
        roll_back = JobOperator(
            task_id="roll_back",
            stage="rollback",
            options={
                "use-case": use_case.name,
                "to-version": form_values.TO_VERSION,
                "from-version": form_values.FROM_VERSION,
                "reason": form_values.REASON,
                "request": form_values.RUN,
                "actor": form_values.ACTOR,
            },
            switches={"rescore": form_values.RESCORE, "dry-run": form_values.DRY_RUN, **corrections.AFTERWARDS},
        )
        if use_case.deliver:
            roll_back >> JobOperator(task_id="deliver_corrections", **corrections.of_all_days(use_case))
