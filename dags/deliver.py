"""Airflow DAGs deliver__<use_case>: send a scored day to the targets that the use case declares."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    assets,
    connections,
    defaults,
    form,
    form_fields,
    form_values,
    night_docs,
    schedules,
    wanted,
)
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    if not use_case.deliver:
        continue
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"deliver__{use_case.name}",
            description=f"Where the decisions of {use_case.title} go",
            doc_md=night_docs.deliver(use_case),
            schedule=schedules.when_updated(use_case, assets.scores(use_case)),
            **defaults.common(use_case.owner, "deliver", use_case.name),
        ),
        form_fields.shown({**form.days("deliver"), **form.force()}),
    ):
        # A task a target: one that is away is tried again by itself, and keeps no other from its rows.
        for target in use_case.deliver:
            JobOperator(
                task_id=f"deliver_to_{target.name}",
                stage="deliver",
                options={
                    "use-case": use_case.name,
                    "target": target.name,
                    "partition": form_values.PARTITION,
                    "through": form_values.THROUGH,
                    "actor": form_values.ACTOR,
                },
                switches={"force": form_values.FORCE},
                needs_spark=False,
                connections=connections.of_targets(use_case),
            )
