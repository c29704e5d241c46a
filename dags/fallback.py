"""Airflow DAGs fallback__<use_case>: at a declared hour the fallbacks score the day that no model has scored yet."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import apart, assets, defaults, form, form_fields, form_values, night_docs, schedules, wanted
from include.orchestration.late_score import LateScoreOperator

for use_case in wanted.use_cases(__file__):
    if use_case.fallback_at is None:
        continue
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"fallback__{use_case.name}",
            description=f"Fallbacks for a late night of {use_case.title}",
            doc_md=night_docs.fallback(use_case),
            schedule=schedules.at_fallback_hour(use_case),
            start_date=schedules.start(use_case),
            **defaults.common(use_case.owner, "fallback", use_case.name),
        ),
        form_fields.shown({**form.days("score"), **form.cascade()}),
    ):
        LateScoreOperator(
            task_id="score_what_is_late",
            stage="score",
            options={"use-case": use_case.name, "partition": form_values.PARTITION, "through": form_values.THROUGH},
            cascade=form_values.CASCADE,
            outlets=[assets.scores(use_case)],
        )
