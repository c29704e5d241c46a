"""Airflow DAGs erase__<source>: take what is about a key out of everything, when a person has approved it, and keep it out."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import apart, defaults, erasure, erasure_docs, form, form_fields, wanted
from include.orchestration.job import JobOperator

for owner, source in wanted.erasable_sources(__file__):
    with (
        apart.made_for(source.name),
        DAG(
            dag_id=f"erase__{source.name}",
            description=f"Erase what is about a key of {source.name}",
            doc_md=erasure_docs.erase(source),
            schedule=None,
            **{**defaults.common(owner.owner, "erase", source.name), "max_active_runs": 1},
        ),
        form_fields.shown(form.erasure(source.key)),
    ):
        asked = {"source": source.name, "key": erasure.KEY, "reason": form.WHY}
        find = erasure.EraseOperator(task_id="find", options={**asked, "actor": form.ACTOR}, switches={"dry-run": "True"})
        question = erasure.ask(source)
        erase = erasure.EraseOperator(task_id="erase", options={**asked, "actor": erasure.ACTOR})
        erasure.if_meant(find.output) >> question >> erasure.if_approved() >> erase
