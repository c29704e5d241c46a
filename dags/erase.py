"""Airflow DAGs erase__<source>: take a document out of everything, and keep it out."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import apart, dataset_docs, defaults, form, form_fields, wanted
from include.orchestration.job import JobOperator

for owner, source in wanted.sources_of_documents(__file__):
    with (
        apart.made_for(source.name),
        DAG(
            dag_id=f"erase__{source.name}",
            description=f"Erase a document of {source.name}",
            doc_md=dataset_docs.erase(source.name),
            schedule=None,
            **{**defaults.common(owner.owner, "erase", source.name), "max_active_runs": 1},
        ),
        form_fields.shown(form.erasure()),
    ):
        JobOperator(
            task_id="erase",
            stage="erase",
            options={
                "source": source.name,
                "document": "{{ params.document }}",
                "reason": form.WHY,
                "actor": form.ACTOR,
            },
            switches={"dry-run": form.DRY_RUN},
            needs_spark=False,
        )
