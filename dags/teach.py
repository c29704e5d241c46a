"""Airflow DAGs teach__<dataset>: ask about the documents that are kept, within the budget, and check the answers."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    assets,
    connections,
    dataset_docs,
    defaults,
    form,
    form_fields,
    form_values,
    schedules,
    wanted,
)
from include.orchestration.job import JobOperator
from lakehouse.declaration.dataset_teacher import PAID_AGAIN

for dataset in wanted.datasets(__file__):
    with (
        apart.made_for(dataset.name),
        DAG(
            dag_id=f"teach__{dataset.name}",
            description=f"Answers about the documents of {dataset.title}",
            doc_md=dataset_docs.teach(dataset),
            schedule=schedules.when_updated(dataset, assets.documents(dataset)),
            **{**defaults.common(dataset.owner, "teach", dataset.name), "max_active_runs": 1},
        ),
        form_fields.shown(
            {
                **form.one_day("ask about the documents as of"),
                **form.again(PAID_AGAIN),
                **form.dry_run("the log of `teach` says how many calls, tokens and how much money it would take"),
            }
        ),
    ):
        of_day = {"dataset": dataset.name, "partition": form_values.PARTITION}
        asking = {
            "options": {**of_day, "again": form_values.AGAIN},
            "switches": {"dry-run": form_values.DRY_RUN},
            "needs_spark": False,
            "connections": connections.of_dataset(dataset),
        }
        teach = JobOperator(task_id="teach", stage="teach", **asking)
        check = JobOperator(
            task_id="check", stage="check", options=of_day, needs_spark=False, outlets=[assets.summaries(dataset)]
        )
        if dataset.grade is not None:
            grade = JobOperator(task_id="grade", stage="grade", **asking)
            # The filter again, with the marks that came.
            filter_again = JobOperator(
                task_id="filter_again",
                stage="restate",
                options={"dataset": dataset.name},
                needs_spark=False,
            )
            grade >> filter_again >> teach
        teach >> check
