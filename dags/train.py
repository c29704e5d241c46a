"""Airflow DAGs train__<use_case>: train a challenger, and let the gate decide whether it becomes champion."""

from __future__ import annotations

from airflow.sdk import DAG

from include.orchestration import (
    apart,
    approval,
    defaults,
    form,
    form_fields,
    form_values,
    model_docs,
    verdicts,
    wanted,
)
from include.orchestration.job import JobOperator

for use_case in wanted.use_cases(__file__):
    with (
        apart.made_for(use_case.name),
        DAG(
            dag_id=f"train__{use_case.name}",
            description=f"Training and gate of {use_case.title}",
            doc_md=model_docs.train(use_case),
            schedule=None,
            **{**defaults.common(use_case.owner, "train", use_case.name), "max_active_runs": 1},
        ),
        form_fields.shown({**form.one_day("train as of"), **form.reason()}),
    ):
        train = JobOperator(
            task_id="train",
            stage="train",
            options={
                "use-case": use_case.name,
                "partition": form_values.PARTITION,
                "actor": form_values.ACTOR,
                "reason": form_values.WHY_TRAIN,
            },
        )
        version = {
            "use-case": use_case.name,
            "partition": form_values.PARTITION,
            "model-version": "{{ ti.xcom_pull(task_ids='train')['model_version'] }}",
        }
        gate = JobOperator(task_id="gate", stage="gate", options={**version, "actor": form_values.ACTOR})
        train >> gate
        if use_case.gate.approval is None:
            result, verdict = gate.output, verdicts.choose_verdict(gate.output)
        else:
            question = approval.ask(use_case, use_case.gate.approval)
            # Of the version that is promoted.
            answer_to = approval.answer_to(approval.question(use_case, "train"))
            answer = JobOperator(
                task_id="answer", stage="gate", options={**version, "answer": answer_to, "actor": approval.ACTOR}
            )
            last = verdicts.last(gate.output, answer.output)
            result, verdict = last.output, verdicts.choose_verdict(last.output)
            verdicts.ask_or_not(gate.output) >> [question, last]
            question >> answer
        verdict >> [verdicts.log_result(result, task_id=name) for name in verdicts.VERDICTS]
