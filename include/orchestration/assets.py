"""Every asset of the platform: the newcomer's map of what updates what.

    silver.<source>           updated by ingest__<source>              read by features__<use_case>
    gold.<group>_v<version>   updated by group__<group>_v...           read by features__<use_case>
    gold.<use_case>_features  updated by features__<use_case>          read by score__<use_case>
    gold.<use_case>_scores    updated by score__ or fallback__<...>    read by monitor__ and deliver__<use_case>
    gold.<dataset>_documents  updated by documents__<dataset>          read by teach__<dataset>
    gold.<dataset>_summaries  updated by teach__<dataset>              read by assemble__<dataset>
    gold.<dataset>_examples   updated by assemble__<dataset>           read by release__<dataset>

An asset stands for one table and carries its name in SQL. Its partitions are days, with keys like 2013-06-01.
"""

from __future__ import annotations

from functools import lru_cache

from airflow.sdk import Asset

from lakehouse import tables
from lakehouse.declaration import Dataset, FeatureGroup, Source, UseCase


def silver(source: Source) -> Asset:
    """The contract-checked rows of a source."""
    return _asset(tables.silver(source))


def group(group: FeatureGroup) -> Asset:
    """The rows of a feature group."""
    return _asset(tables.group(group))


def features(use_case: UseCase) -> Asset:
    """The feature rows of a use case."""
    return _asset(tables.features(use_case))


def scores(use_case: UseCase) -> Asset:
    """The scores of a use case."""
    return _asset(tables.scores(use_case))


def documents(dataset: Dataset) -> Asset:
    """The documents of a dataset, measured."""
    return _asset(tables.documents(dataset))


def summaries(dataset: Dataset) -> Asset:
    """The answers about the documents of a dataset, checked."""
    return _asset(tables.summaries(dataset))


def examples(dataset: Dataset) -> Asset:
    """The examples of a dataset's versions."""
    return _asset(tables.examples(dataset))


def _asset(table: tables.Table) -> Asset:
    return _named(table.layer, table.name, table.description)


# Making one takes longer than looking it up, and each DAG file asks for those of all use cases.
@lru_cache(maxsize=4096)
def _named(layer: str, name: str, description: str) -> Asset:
    # The address is a name, not a place: where the tables lie is a setting that may differ from machine to machine,
    # and an asset that changed its address would be another asset to Airflow.
    return Asset(
        name=f"{layer}.{name}",
        uri=f"lakehouse://{layer}/{name}",
        group=layer,
        extra={"description": description},
    )
