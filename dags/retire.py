"""Airflow DAGs retire__<use_case>: once a week, retire the versions that nobody needs any more."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable

from include.orchestration import apart, defaults, form, form_fields, form_values, model_docs, wanted
from include.orchestration.job import JobOperator

# After maintain__lakehouse. No start date: the first run is the next Sunday's.
SCHEDULE = CronTriggerTimetable("0 5 * * 0", timezone="UTC")

for use_case in wanted.use_cases(__file__):
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"retire__{use_case.name}",
            description=f"Versions of {use_case.title} that nobody needs any more",
            doc_md=model_docs.retire(use_case),
            schedule=SCHEDULE,
            **{**defaults.common(use_case.owner, "retire", use_case.name), "max_active_runs": 1},
        ),
        form_fields.shown(
            form.dry_run("the log of `retire` lists which versions would be retired, and why the others stay")
        ),
    ):
        JobOperator(
            task_id="retire",
            stage="retire",
            options={"use-case": use_case.name, "actor": form_values.ACTOR},
            switches={"dry-run": form_values.DRY_RUN},
        )
