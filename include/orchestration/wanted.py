"""The use cases, sources, feature groups and datasets whose DAGs a DAG file has to make."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from airflow.sdk import get_parsing_context

from include.orchestration import apart, made_before
from lakehouse.declaration import Dataset, FeatureGroup, Owner, Source, UseCase, feature_groups, loader
from lakehouse.declaration import datasets as of_datasets
from lakehouse.declaration.declaration import Declaration
from lakehouse.errors import NightjarError

One = TypeVar("One")
# What reads a source.
Reader = UseCase | Dataset


def use_cases(file: str) -> Iterator[UseCase]:
    """All that are declared; in a task's process, which Airflow tells whose task it is, the one whose DAG that is.

    A task loads its DAG file before it begins: with a hundred use cases it would make a hundred DAGs to run a task of one.

    Args:
        file: the DAG file. After the last of all use cases it is noted whether it could make their DAGs.
    """
    return _wanted(file, loader.use_cases_of, loader.in_folder)


def sources(file: str) -> Iterator[tuple[Owner, Source, list[Reader]]]:
    """The same of the sources, each with the one that it belongs to, and the use cases and datasets that read it."""
    return _wanted(file, _with_readers, lambda name: (*loader.by_source(name), []))


def groups(file: str) -> Iterator[FeatureGroup]:
    """The same of the feature groups, each version by itself."""
    return _wanted(file, feature_groups.among, feature_groups.by_table_name)


def datasets(file: str) -> Iterator[Dataset]:
    """The same of the datasets."""
    return _wanted(file, of_datasets.among, of_datasets.by_name)


def erasable_sources(file: str) -> Iterator[tuple[Owner, Source]]:
    """The sources, each with the one that it belongs to."""
    return _wanted(file, loader.sources_of, loader.by_source)


def _with_readers(found: list[Declaration]) -> list[tuple[Owner, Source, list[Reader]]]:
    readers: dict[str, list[Reader]] = {}
    for use_case in loader.use_cases_of(found):
        by_groups = (name for taken in use_case.taken for name in taken.group.reads)
        for name in dict.fromkeys((*use_case.reads, *by_groups)):
            readers.setdefault(name, []).append(use_case)
    for dataset in of_datasets.among(found):
        readers.setdefault(dataset.documents.source, []).append(dataset)
    return [(owner, source, readers.get(source.name, [])) for owner, source in loader.sources_of(found)]


def _wanted(
    file: str, all_of: Callable[[list[Declaration]], list[One]], by_name: Callable[[str], One]
) -> Iterator[One]:
    name = (get_parsing_context().dag_id or "").partition("__")[2]
    if name:
        yield from _of_task(name, by_name)
        return
    found, failed = loader.find(), apart.failed()
    with _uncollected():
        yield from all_of(found)
    if apart.failed() == failed:
        made_before.note(Path(file), found)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collections: all DAGs that are made stay, and each would look through those before in vain."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _of_task(name: str, by_name: Callable[[str], One]) -> list[One]:
    try:
        return [by_name(name)]
    except NightjarError:
        # It is gone, or wrong: then Airflow says that there is no such DAG.
        return []
