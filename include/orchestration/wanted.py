"""The use cases whose DAGs a DAG file has to make."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from lakehouse.declaration import UseCase, loader
from lakehouse.errors import NightjarError

INGEST = "ingest"


def use_cases() -> list[UseCase]:
    """All that are declared; in a task's process, which Airflow tells whose task it is, the one whose DAG that is.

    A task loads its DAG file before it begins: with a hundred use cases it would make a hundred DAGs to run a task of one.
    """
    stage, _, name = (get_parsing_context().dag_id or "").partition("__")
    if not name:
        return loader.declared()
    try:
        return [loader.by_source(name)[0] if stage == INGEST else loader.in_folder(name)]
    except NightjarError:
        # It is gone, or wrong: then Airflow says that there is no such DAG.
        return []
