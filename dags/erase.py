"""Airflow DAGs erase__<source>: take what is about a key out of everything, when a person has approved it, and keep it out."""

from __future__ import annotations

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

from include.orchestration import (
    apart,
    approval,
    defaults,
    erasure,
    erasure_docs,
    erasure_form,
    form_fields,
    form_values,
    wanted,
)

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
        form_fields.shown(erasure_form.fields(source.key)),
    ):
        asked = {"source": source.name}
        find = erasure.EraseOperator(
            task_id="find",
            stage="erase",
            options={**asked, "actor": form_values.ACTOR},
            switches={"dry-run": "True", "despite-hold": form_values.DESPITE_HOLD},
            needs_spark=False,
        )
        meant = erasure.if_meant(find.output, form_values.DRY_RUN, form_values.DESPITE_HOLD)
        approved = erasure.if_approved(approval.answer_to(erasure.question(source)))
        erase = erasure.EraseOperator(
            task_id="erase",
            stage="erase",
            options={**asked, "actor": erasure.ACTOR},
            switches={"despite-hold": form_values.DESPITE_HOLD},
            needs_spark=False,
        )
        meant >> erasure.ask(source) >> approved >> erase
        TriggerDagRunOperator.partial(
            task_id="request_retraining", logical_date=None, skip_when_already_exists=True
        ).expand_kwargs(erasure.trainings(erase.output).output)
