"""Airflow DAGs documents__<dataset>: make a delivery's documents when it was ingested, and show what they are like."""

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
    schedules,
    wanted,
)
from include.orchestration.job import JobOperator

for dataset in wanted.datasets(__file__):
    with (
        apart.made_for(dataset.name),
        DAG(
            dag_id=f"documents__{dataset.name}",
            description=f"Documents of {dataset.title}",
            doc_md=dataset_docs.documents(dataset),
            schedule=schedules.when_updated(dataset, assets.silver(dataset.source)),
            **defaults.common(dataset.owner, "documents", dataset.name),
        ),
        form_fields.shown({**form.days("make documents of"), **form.cascade()}),
    ):
        documents = JobOperator(
            task_id="documents",
            stage="documents",
            options={"dataset": dataset.name, "partition": form_values.PARTITION, "through": form_values.THROUGH},
            cascade=form_values.CASCADE,
            needs_spark=False,
            outlets=[assets.documents(dataset)],
        )
        explore = JobOperator(
            task_id="explore",
            stage="explore",
            options={"dataset": dataset.name, "partition": form_values.LAST_DAY},
            execution_timeout=defaults.DAILY,
            background=True,
            needs_spark=False,
        )
        documents >> explore
