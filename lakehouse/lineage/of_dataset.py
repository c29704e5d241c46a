"""Where the columns of a dataset's tables come from."""

from __future__ import annotations

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.lineage.columns import ColumnOrigins, Origin, same
from lakehouse.tables import Table
from lakehouse.tables.of_dataset import DOCUMENT_MEASURES


def of_dataset(dataset: Dataset) -> list[tuple[Table, ColumnOrigins]]:
    """All tables of a dataset, each with its origins."""
    made = (
        _documents(dataset),
        _profile(dataset),
        _summaries(dataset),
        _clusters(dataset),
        _splits(dataset),
        _examples(dataset),
    )
    return list(zip(tables.of_dataset(dataset), made, strict=True))


def _documents(dataset: Dataset) -> ColumnOrigins:
    source, said = tables.silver(dataset.source).full_name, dataset.documents
    columns: dict[str, tuple[Origin, ...]] = {
        "document_id": (Origin(source, said.id),),
        "delivery_id": (Origin(source, "delivery_id"),),
    }
    columns |= {
        name: (Origin(source, column),)
        for name, column in (
            ("title", said.title),
            ("url", said.url),
            ("licence", said.licence),
            ("deleted", said.deleted),
        )
        if column is not None
    }
    if said.together:
        columns["together"] = tuple(Origin(source, name, "TRANSFORMATION") for name in said.together)
    why = "standardise.py may make it of any column of the source"
    unknown = dict.fromkeys(("text", "content_digest", *(one.name for one in DOCUMENT_MEASURES)), why)
    return ColumnOrigins(columns=columns, unknown=unknown, tables=(source,))


def _profile(dataset: Dataset) -> ColumnOrigins:
    place = tables.documents(dataset).full_name
    measured = tuple(Origin(place, one.name, "AGGREGATION", "counted by bin") for one in DOCUMENT_MEASURES)
    return ColumnOrigins(columns=dict.fromkeys(("documents", "kept"), measured), tables=(place,))


def _summaries(dataset: Dataset) -> ColumnOrigins:
    place, calls = tables.documents(dataset).full_name, tables.CALLS.full_name
    named = same(calls, ("request_key", "state", "finish_reason", "variant"))
    named["summary"] = (Origin(calls, "answer", "TRANSFORMATION", "the answer, where it may be used"),)
    documents = same(place, ("document_id", "content_digest", "partition"))
    return ColumnOrigins(columns={**documents, **named}, tables=(place, calls))


def _clusters(dataset: Dataset) -> ColumnOrigins:
    place = tables.documents(dataset).full_name
    by = tuple(Origin(place, name, "TRANSFORMATION", "near in words, or together") for name in ("text", "together"))
    return ColumnOrigins(
        columns={
            **same(place, ("document_id",)),
            **dict.fromkeys(("cluster_id", "nearest", "jaccard", "containment"), by),
        },
        tables=(place,),
    )


def _splits(dataset: Dataset) -> ColumnOrigins:
    place = tables.clusters(dataset).full_name
    drawn = (Origin(place, "cluster_id", "TRANSFORMATION", "drawn by the cluster"),)
    return ColumnOrigins(columns={**same(place, ("document_id", "cluster_id")), "split": drawn}, tables=(place,))


def _examples(dataset: Dataset) -> ColumnOrigins:
    documents, answers = tables.documents(dataset).full_name, tables.summaries(dataset).full_name
    of_document = ("document_id", "content_digest", "title", "text", "language", "licence", "url", "delivery_id")
    columns = {**same(documents, of_document), **same(answers, ("variant", "request_key", "summary"))}
    columns |= {"cluster_id": (Origin(tables.clusters(dataset).full_name, "cluster_id"),)}
    columns |= {"split": (Origin(tables.splits(dataset).full_name, "split"),)}
    read = (documents, answers, tables.clusters(dataset).full_name, tables.splits(dataset).full_name)
    return ColumnOrigins(columns=columns, tables=read)
