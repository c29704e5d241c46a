"""The fields of a DAG's form, given to it when its tasks are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from airflow.sdk import Param
from airflow.sdk.definitions._internal.contextmanager import DagContext


@contextmanager
def shown(fields: Mapping[str, Param]) -> Iterator[None]:
    """Around the tasks of a DAG, within its own ``with``: the form of a run by hand has ``fields``.

    As the argument ``params`` of the DAG they would be checked against their own schemas, and copied for each task, whenever the
    file is parsed: with a hundred use cases a third of the parsing. A task finds them in its context as
    ever: there Airflow puts the DAG's and the task's together.
    """
    dag = DagContext.get_current_dag()
    assert dag is not None, "the form belongs to no DAG"
    yield
    dag.params.update(fields)
