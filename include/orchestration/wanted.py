"""The use cases whose DAGs a DAG file has to make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from airflow.sdk import get_parsing_context

from include.orchestration import apart, made_before
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import NightjarError

INGEST = "ingest"


def use_cases(file: str) -> Iterator[UseCase]:
    """All that are declared; in a task's process, which Airflow tells whose task it is, the one whose DAG that is.

    A task loads its DAG file before it begins: with a hundred use cases it would make a hundred DAGs to run a task of one.

    Args:
        file: the DAG file. After the last of all use cases it is noted whether it could make their DAGs.
    """
    stage, _, name = (get_parsing_context().dag_id or "").partition("__")
    if name:
        yield from _of_task(stage, name)
        return
    found, failed = loader.find(), apart.failed()
    yield from (item.use_case for item in found if item.use_case is not None)
    if apart.failed() == failed:
        made_before.note(Path(file), found)


def _of_task(stage: str, name: str) -> list[UseCase]:
    try:
        return [loader.by_source(name)[0] if stage == INGEST else loader.in_folder(name)]
    except NightjarError:
        # It is gone, or wrong: then Airflow says that there is no such DAG.
        return []
