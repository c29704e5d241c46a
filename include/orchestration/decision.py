"""Functions as tasks: small decisions on a job's result, made by Airflow's operators for Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator


def made_by(
    operator: type[PythonOperator], task_id: str | None = None, **arguments: Any
) -> Callable[[Callable[..., Any]], Callable[..., PythonOperator]]:
    """Let a function make a task that calls it: within a DAG it is called with its arguments, such as outputs of other tasks.

    Airflow's decorators do the same, at four times the cost: they inspect the function anew for each task, and with a hundred use
    cases a tenth of all parsing went there.

    Args:
        operator: whose task it is.
        task_id: the task's name when the call gives no other; by default the function's.
        arguments: of the operator.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., PythonOperator]:
        def task(*given: Any, task_id: str = task_id or function.__name__) -> PythonOperator:
            return operator(
                task_id=task_id, python_callable=function, op_args=given, doc_md=function.__doc__, **arguments
            )

        return task

    return decorate
