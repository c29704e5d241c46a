"""Airflow DAGs train__<use_case>: train a challenger, and let the gate decide whether it becomes champion."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import defaults, docs, form, verdicts
from include.orchestration.job import JobOperator
from lakehouse import use_cases

for use_case in use_cases.declared():
    with DAG(
        dag_id=f"train__{use_case.name}",
        description=f"Training and gate of {use_case.title}",
        doc_md=docs.train(use_case),
        schedule=None,
        params={**form.one_day("train as of"), **form.reason()},
        **{**defaults.common(use_case.owner, "train", use_case.name), "max_active_runs": 1},
    ):
        train = JobOperator(
            task_id="train",
            stage="train",
            options={"use-case": use_case.name, "partition": form.PARTITION, "actor": form.ACTOR},
        )
        gate = JobOperator(
            task_id="gate",
            stage="gate",
            options={
                "use-case": use_case.name,
                "partition": form.PARTITION,
                "actor": form.ACTOR,
                "model-version": "{{ ti.xcom_pull(task_ids='train')['model_version'] }}",
            },
        )
        train >> gate
        verdict = verdicts.choose_verdict(gate.output)
        verdict >> [verdicts.say.override(task_id=name)(gate.output) for name in verdicts.VERDICTS]
