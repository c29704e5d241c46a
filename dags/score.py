"""Airflow DAGs score__<use_case>: score a day when its features were built."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    assets,
    defaults,
    form,
    form_fields,
    form_values,
    late_night,
    night_docs,
    schedules,
    wanted,
)
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"score__{use_case.name}",
            description=f"Scores of {use_case.title}",
            doc_md=night_docs.score(use_case),
            schedule=schedules.when_updated(use_case, assets.features(use_case)),
            **late_night.of_use_case(use_case),
            **defaults.common(use_case.owner, "score", use_case.name),
        ),
        form_fields.shown({**form.days("score"), **form.cascade(), **form.model_version()}),
    ):
        JobOperator(
            task_id="score",
            stage="score",
            options={
                "use-case": use_case.name,
                "partition": form_values.PARTITION,
                "through": form_values.THROUGH,
                "model-version": form_values.MODEL_VERSION,
            },
            # A fallback scores in the place of a registry that is away in the last try, and not before.
            switches={"retry-service": "{{ ti.try_number <= ti.max_tries }}"},
            cascade=form_values.CASCADE,
            outlets=[assets.scores(use_case)],
        )
