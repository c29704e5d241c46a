"""Airflow DAGs release__<dataset>: publish a version of a dataset when the gate, and where declared a person, lets it."""

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
    release,
    schedules,
    verdicts,
    wanted,
)
from include.orchestration.job import JobOperator

for dataset in wanted.datasets(__file__):
    each = dataset.publish.when == "assembled"
    with (
        apart.made_for(dataset.name),
        DAG(
            dag_id=f"release__{dataset.name}",
            description=f"Publication of {dataset.title}",
            doc_md=dataset_docs.release(dataset),
            schedule=schedules.when_updated(dataset, assets.examples(dataset)) if each else None,
            **{**defaults.common(dataset.owner, "release", dataset.name), "max_active_runs": 1},
        ),
        form_fields.shown(form.dataset_version()),
    ):
        of_version = {"dataset": dataset.name, "reason": form_values.WHY}
        gate = JobOperator(
            task_id="release",
            stage="release",
            options={**of_version, "version": form_values.VERSION, "actor": form_values.ACTOR},
            switches={"dry-run": form_values.DRY_RUN},
            needs_spark=False,
        )
        if dataset.gate.approval is not None:
            question = release.ask(dataset, dataset.gate.approval)
            answered = JobOperator(
                task_id="answer",
                stage="release",
                options={
                    **of_version,
                    "version": release.VERSION,
                    "answer": release.answer(dataset),
                    "actor": release.ACTOR,
                },
                needs_spark=False,
            )
            verdicts.if_waiting(gate.output) >> question >> answered
