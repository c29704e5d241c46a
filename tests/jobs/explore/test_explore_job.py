"""Explore: the profile is in its table and in MLflow, once for the same documents."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, ClassVar

import pytest

from jobs.documents.arguments import DocumentsArguments
from jobs.documents.job import run as make
from jobs.explore import job, pictures
from jobs.explore.arguments import ExploreArguments
from lakehouse import tables
from lakehouse.declaration import datasets
from lakehouse.errors import ServiceUnavailable
from lakehouse.storage import small_tables
from tests.jobs import notes

NEXT = notes.DAY + dt.timedelta(days=1)


class Run:
    """Stands for the run in MLflow: what is logged stays by dataset and day."""

    known: ClassVar[dict[tuple[str, dt.date], tuple[str, dict[str, float], dict[str, bytes]]]] = {}

    def __init__(self, dataset: str, day: dt.date) -> None:
        self._at = (dataset, day)
        self.run_id, self.url = "r", "http://mlflow/r"

    @property
    def fingerprint(self) -> str | None:
        return self.known[self._at][0] if self._at in self.known else None

    def log(self, fingerprint: str, metrics: dict[str, float], files: dict[str, bytes]) -> None:
        self.known[self._at] = (fingerprint, metrics, files)


@pytest.fixture
def root(tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Run, "known", {})
    # Drawing takes longer than all else, and has tests of its own.
    monkeypatch.setattr(pictures, "png", lambda figure: b"drawn")
    notes.declare(tmp_path / "declared", monkeypatch, filter={"words": {"least": 100}})
    notes.deliver(notes.note("a", notes.text(1)), notes.note("b", notes.text(2, 3)), notes.note("c", notes.text(3)))
    make(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY))
    return tmp_path / "declared"


def explore(day: dt.date = notes.DAY) -> job.ExploreResult:
    return job.run(ExploreArguments(dataset=notes.NAME, partition=day))


def profile() -> list[dict[str, Any]]:
    return small_tables.read(tables.profile(datasets.by_name(notes.NAME)))


def test_the_profile_of_a_day_is_written_and_logged_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ProfileRun", Run)
    result = explore()
    assert (result.status, result.documents, result.kept) == ("explored", 3, 2)
    files = Run.known[notes.NAME, notes.DAY][2]
    assert set(files) == {"measures.png", "values.png", "limits.png", "documents.html", "profile.json"}
    rows = profile()
    assert [row["documents"] for row in rows if row["measure"] == "reason"] == [1]
    again = explore()
    assert (again.status, again.documents) == ("unchanged", 3)
    assert profile() == rows


def test_the_documents_are_those_that_count_on_the_day(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ProfileRun", Run)
    notes.deliver(notes.note("a", notes.text(1, 3)), notes.note("d", notes.text(4)), day=NEXT)
    make(DocumentsArguments(dataset=notes.NAME, partition=NEXT))
    assert (explore().documents, explore().kept) == (3, 2)
    assert (explore(NEXT).documents, explore(NEXT).kept) == (4, 2)
    assert {row["partition"] for row in profile()} == {notes.DAY, NEXT}


def test_without_documents_there_is_nothing_to_look_at(root: Path) -> None:
    result = explore(notes.DAY - dt.timedelta(days=1))
    assert result.status == "none"
    assert "python -m jobs documents" in result.message


def test_a_changed_filter_is_another_profile(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ProfileRun", Run)
    explore()
    notes.declare(root, filter={"words": {"least": 1}})
    make(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY))
    assert (explore().kept, explore().status) == (3, "unchanged")


@pytest.mark.server
def test_without_mlflow_the_table_is_written_and_the_server_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ServiceUnavailable, match=r"http://127\.0\.0\.1:1"):
        explore()
    assert profile()


def test_the_run_in_mlflow_has_the_page_and_is_found_again(
    root: Path, mlflow_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lakehouse.models import mlflow_client

    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    first = explore()
    assert first.status == "explored"
    assert first.run_id is not None
    client = mlflow_client.client()
    files = {file.path for file in client.list_artifacts(first.run_id, "documents")}
    assert "documents/documents.html" in files
    assert client.get_run(first.run_id).data.metrics == {"documents": 3, "kept": 2}
    assert explore() == job.ExploreResult(status="unchanged", documents=3, kept=2, run_id=first.run_id, url=first.url)
