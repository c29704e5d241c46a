"""How a dataset stands: its versions, what was published, its documents, and what its calls have cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse import tables
from lakehouse.alerts.fact import MEANING
from lakehouse.declaration import Dataset
from lakehouse.ops import dataset_versions
from lakehouse.status import lateness
from lakehouse.status.orchestration import Orchestration
from lakehouse.status.said import LEVELS, Sentence, question
from lakehouse.status.unreadable import Unreadable, guarded
from lakehouse.storage import arrow_dataset, delta_log, table_index
from lakehouse.tables import CALLS, DATASET_VERSIONS

MILLION = 1_000_000
# Of what happened to its versions so much is shown.
MOST_EVENTS = 20
COLUMNS = (
    *("dataset", "version", "state", "partition", "documents", "train_rows", "validation_rows", "test_rows"),
    *("cost_micros", "folder", "actor", "reason", "happened_at"),
)
STAGES = ("documents", "teach", "assemble", "release")


@dataclass(frozen=True, kw_only=True)
class VersionEvent:
    """What happened to a version of a dataset; the fields are the columns of ``ops.dataset_versions``."""

    dataset: str
    version: int
    state: str
    partition: dt.date
    documents: int
    train_rows: int
    validation_rows: int
    test_rows: int
    cost_micros: int
    folder: str | None
    actor: str
    reason: str
    happened_at: dt.datetime


@dataclass(frozen=True)
class DatasetState:
    """How a dataset stands.

    Attributes:
        dataset: which.
        events: what happened to its versions, newest first.
        documents: rows of its newest day of documents; None before the first.
        documents_day: that day.
        spent: what its calls have cost so far, in the budget's currency; None where there were none.
        calls: how many there were.
        unreadable: the tables that can't be read.
    """

    dataset: Dataset
    events: tuple[VersionEvent, ...]
    documents: int | None
    documents_day: dt.date | None
    spent: float | None
    calls: int
    unreadable: tuple[Unreadable, ...]

    @property
    def dags(self) -> tuple[str, ...]:
        """The DAGs of its stages."""
        return tuple(f"{stage}__{self.dataset.name}" for stage in STAGES)

    @property
    def published(self) -> VersionEvent | None:
        """The newest publication."""
        return next((one for one in self.events if one.state == dataset_versions.PUBLISHED), None)


def of(dataset: Dataset) -> DatasetState:
    """How the dataset stands."""
    name = dataset.name
    events = guarded(DATASET_VERSIONS, lambda: table_index.kept(DATASET_VERSIONS, f"events of {name}", _events(name)))
    documents = guarded(tables.documents(dataset), lambda: table_index.of(tables.documents(dataset)))
    calls = guarded(CALLS, lambda: table_index.kept(CALLS, f"calls of {name}", _calls(name)))
    index = None if isinstance(documents, Unreadable) else documents
    spent, count = (None, 0) if calls is None or isinstance(calls, Unreadable) else calls
    return DatasetState(
        dataset,
        () if isinstance(events, Unreadable) or events is None else events,
        index.rows(index.newest) if index is not None and index.newest is not None else None,
        index.newest if index is not None else None,
        spent,
        count,
        tuple(one for one in (events, documents, calls) if isinstance(one, Unreadable)),
    )


def sentences(state: DatasetState, orchestration: Orchestration) -> tuple[Sentence, ...]:
    """What a person should know of the dataset, the most urgent first; at least one."""
    found = sorted(_sentences(state, orchestration), key=lambda one: LEVELS.index(one.level))
    return tuple(found) or (_quiet(state),)


def _sentences(state: DatasetState, orchestration: Orchestration) -> Iterator[Sentence]:
    for broken in state.unreadable:
        yield Sentence("act", "unreadable", f"{broken.table} can't be read: {broken.why}.", broken.todo)
    for failed in orchestration.failed:
        yield Sentence(
            "act", "failed", f"Task {failed.task} of {failed.dag} failed{f' for {failed.day}' if failed.day else ''}.",
            MEANING["failed"][1], "a-dataset-does-not-go-on", failed.dag, failed.run,
        )  # fmt: skip
    for one in orchestration.questions:
        yield question(one)
    # A release is by hand, where it does not follow what was assembled.
    nightly = [
        dag for dag in state.dags if not dag.startswith("release__") or state.dataset.publish.when == "assembled"
    ]
    if (held := lateness.stopped(nightly, orchestration)) is not None:
        dags, how, todo = held
        yield Sentence(
            "look", "paused", f"{lateness.listed(dags)} {how}: what is delivered does not go on from there.", todo,
            "a-dataset-does-not-go-on", dags[0],
        )  # fmt: skip
    newest = state.events[0] if state.events else None
    if newest is not None and newest.state == dataset_versions.HELD:
        yield Sentence(
            "look", "held", f"Version {newest.version} is held: {newest.reason}.", "Read the reasons; most need nothing.",
            "a-dataset-does-not-go-on", f"release__{state.dataset.name}",
        )  # fmt: skip


def _quiet(state: DatasetState) -> Sentence:
    name, source = state.dataset.name, state.dataset.documents.source
    if not state.events and state.documents is None:
        return Sentence(
            "look", "nothing yet", "It has no documents yet.",
            f"Put a delivery of {source} into the landing zone and unpause ingest__{source}.",
            "", f"ingest__{source}", source=source,
        )  # fmt: skip
    if (published := state.published) is not None:
        newer = state.events[0].version > published.version
        more = f"; version {state.events[0].version} is {state.events[0].state} since" if newer else ""
        return Sentence("good", "published", f"Version {published.version} is published{more}.")
    if state.events:
        return Sentence(
            "good", "assembled", f"Version {state.events[0].version} is {state.events[0].state}, and none is published yet.",
            dag=f"release__{name}",
        )  # fmt: skip
    return Sentence(
        "wait", "documents", f"Its documents of {state.documents_day} are made; no version is assembled yet."
    )


def _events(name: str) -> Callable[[DeltaTable], tuple[VersionEvent, ...]]:
    def read(opened: DeltaTable) -> tuple[VersionEvent, ...]:
        rows = _rows(DATASET_VERSIONS, opened, COLUMNS, name).sort_by([("happened_at", "descending")])
        return tuple(VersionEvent(**row) for row in rows.slice(0, MOST_EVENTS).to_pylist())

    return read


def _calls(name: str) -> Callable[[DeltaTable], tuple[float | None, int]]:
    def read(opened: DeltaTable) -> tuple[float | None, int]:
        rows = _rows(CALLS, opened, ("cost_micros",), name)
        return (None, 0) if not len(rows) else ((pc.sum(rows.column(0)).as_py() or 0) / MILLION, len(rows))

    return read


def _rows(table: tables.Table, opened: DeltaTable, columns: Sequence[str], name: str) -> pa.Table:
    dataset = arrow_dataset.open_dataset(opened, delta_log.location(table))
    return dataset.to_table(columns=list(columns), filter=pc.field("dataset") == name)
