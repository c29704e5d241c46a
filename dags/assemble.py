"""Airflow DAGs assemble__<dataset>: make a version of a dataset when its answers have changed."""

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
            dag_id=f"assemble__{dataset.name}",
            description=f"Versions of {dataset.title}",
            doc_md=dataset_docs.assemble(dataset),
            schedule=schedules.when_updated(dataset, assets.summaries(dataset)),
            **{**defaults.common(dataset.owner, "assemble", dataset.name), "max_active_runs": 1},
        ),
        form_fields.shown(
            {
                **form.one_day("make a version as of"),
                **form.why("the version is made, for the log of versions"),
                **form.dry_run("the log of `assemble` says what a version would have"),
            }
        ),
    ):
        JobOperator(
            task_id="assemble",
            stage="assemble",
            options={
                "dataset": dataset.name,
                "partition": form_values.PARTITION,
                "actor": form_values.ACTOR,
                "reason": form_values.WHY,
            },
            switches={"dry-run": form_values.DRY_RUN},
            needs_spark=False,
            outlets=[assets.examples(dataset)],
        )
