"""Airflow DAGs group__<name>_v<version>: build a day of a feature group when its inputs have arrived, and publish it."""

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
from include.orchestration.inputs_arrived import InputsArrived
from include.orchestration.job import JobOperator

for group in wanted.groups(__file__):
    of_group = {"group": group.name, "version": str(group.version), "actor": form_values.ACTOR}
    with (
        apart.made_for(group.table_name),
        DAG(
            dag_id=f"group__{group.table_name}",
            description=f"Feature group {group.title}, version {group.version}",
            doc_md=night_docs.group(group),
            schedule=schedules.when_inputs_arrive(group),
            **defaults.common(group.owner, "group", group.name),
        ),
        form_fields.shown({**form.days("build the group for"), **form.cascade()}),
    ):
        inputs_arrived = InputsArrived(
            task_id="inputs_arrived",
            group=group.table_name,
            partition=form_values.PARTITION,
            through=form_values.THROUGH,
        )
        build_group = JobOperator(
            task_id="build_group",
            stage="group",
            options={**of_group, "partition": form_values.PARTITION, "through": form_values.THROUGH},
            cascade=form_values.CASCADE,
            outlets=[assets.group(group)],
        )
        inputs_arrived >> build_group
        if group.publish is not None:
            elsewhere = {"needs_spark": False, "connections": connections.of_group(group)}
            publish = JobOperator(task_id="publish", stage="publish", options=of_group, **elsewhere)
            compare = JobOperator(task_id="compare", stage="parity", options=of_group, **elsewhere)
            build_group >> publish >> compare
