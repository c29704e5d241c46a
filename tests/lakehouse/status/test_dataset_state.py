"""What is said of a dataset: what waits for a person first, and a held or paused one is not told to be all right."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse import settings
from lakehouse.declaration import Dataset, datasets
from lakehouse.ops import dataset_versions
from lakehouse.status import dataset_state
from lakehouse.status.dataset_state import DatasetState, VersionEvent
from lakehouse.status.orchestration import FailedTask, Orchestration, Question
from lakehouse.status.unreadable import Unreadable
from tests.status_nights import NOW, TODAY

NAME = "package_readmes"


@pytest.fixture
def dataset(monkeypatch: pytest.MonkeyPatch, lakehouse_root: Path) -> Dataset:
    monkeypatch.setenv("USE_CASE_ROOTS", str(settings.PROJECT_ROOT / "include"))
    return datasets.by_name(NAME)


def event(version: int, state: str, hours: int = 5, reason: str = "the gate lets it pass") -> VersionEvent:
    return VersionEvent(
        dataset=NAME, version=version, state=state, partition=TODAY, documents=9, train_rows=7, validation_rows=1, test_rows=1,
        cost_micros=0, folder=None, actor="ann", reason=reason, happened_at=NOW - dt.timedelta(hours=hours),
    )  # fmt: skip


def told(
    dataset: Dataset, *events: VersionEvent, airflow: Orchestration | None = None, documents: int | None = 9
) -> list[str]:
    state = DatasetState(dataset, events, documents, TODAY if documents else None, None, 0, ())
    found = dataset_state.sentences(state, airflow or Orchestration(True))
    assert all(bool(one.todo) == (one.level in ("act", "look")) and one.text.endswith((".", "?")) for one in found), (
        found
    )
    assert all(not one.dag or one.dag in {*state.dags, f"ingest__{dataset.source.name}"} for one in found), found
    return [f"{one.level}: {one.text}" for one in found]


def test_each_state_has_one_first_sentence(dataset: Dataset) -> None:
    published, held = (
        event(2, dataset_versions.PUBLISHED, 9),
        event(3, dataset_versions.HELD, 2, "two splits are near; more"),
    )
    assert told(dataset, documents=None) == ["look: It has no documents yet."]
    assert told(dataset) == [f"wait: Its documents of {TODAY} are made; no version is assembled yet."]
    assert told(dataset, published) == ["good: Version 2 is published."]
    assert told(dataset, held, published) == ["look: Version 3 is held: two splits are near; more."]


def test_what_is_paused_or_broken_does_not_go_on_and_what_waits_comes_first(dataset: Dataset) -> None:
    published = event(2, dataset_versions.PUBLISHED)
    paused = Orchestration(True, paused=frozenset({f"teach__{NAME}"}))
    assert told(dataset, published, airflow=paused) == [
        f"look: teach__{NAME} is paused: what is delivered does not go on from there."
    ]
    broken = Orchestration(True, broken=frozenset({f"documents__{NAME}"}))
    assert "can't be imported" in told(dataset, published, airflow=broken)[0]
    # By hand alone: nothing waits for it.
    by_hand = Orchestration(True, paused=frozenset({f"release__{NAME}"}))
    assert told(dataset, published, airflow=by_hand)[0].startswith(
        "good" if dataset.publish.when != "assembled" else "look"
    )
    several = Orchestration(
        True,
        paused=frozenset({f"teach__{NAME}"}),
        failed=(FailedTask(f"assemble__{NAME}", "assemble", "run", TODAY, NOW),),
        questions=(Question(f"release__{NAME}", "approval", "run", f"Publish version 3 of {NAME}?", NOW),),
    )
    assert [one.partition(":")[0] for one in told(dataset, published, airflow=several)] == ["act", "act", "look"]


def test_a_table_that_cant_be_read_is_said_and_nothing_is_concluded_from_it(dataset: Dataset) -> None:
    broken = Unreadable("ops.dataset_versions", "its log is damaged")
    state = DatasetState(dataset, (), None, None, None, 0, (broken,))
    found = dataset_state.sentences(state, Orchestration(True))
    assert [one.kind for one in found] == ["unreadable"]
