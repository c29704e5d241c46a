"""Airflow DAGs features__<use_case>: build the features of a day when its inputs have arrived."""

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
from include.orchestration.inputs_arrived import InputsArrived
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"features__{use_case.name}",
            description=f"Features of {use_case.title}",
            doc_md=night_docs.features(use_case),
            schedule=schedules.when_inputs_arrive(use_case),
            **late_night.of_use_case(use_case),
            **defaults.common(use_case.owner, "features", use_case.name),
        ),
        form_fields.shown({**form.days("build features for"), **form.cascade()}),
    ):
        inputs_arrived = InputsArrived(
            task_id="inputs_arrived",
            use_case=use_case.name,
            partition=form_values.PARTITION,
            through=form_values.THROUGH,
        )
        build_features = JobOperator(
            task_id="build_features",
            stage="features",
            options={"use-case": use_case.name, "partition": form_values.PARTITION, "through": form_values.THROUGH},
            cascade=form_values.CASCADE,
            outlets=[assets.features(use_case)],
        )
        inputs_arrived >> build_features
