"""From a delivery to documents and calls by the stages themselves: what was erased does not come back when a day is made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.documents import job as documents_job
from jobs.documents.arguments import DocumentsArguments
from jobs.erase import job as erase_job
from jobs.erase.arguments import EraseArguments
from jobs.teach import job as teach_job
from jobs.teach.arguments import TeachArguments
from lakehouse import tables
from lakehouse.ops import calls
from lakehouse.storage import arrow_dataset
from tests.jobs import notes, traces
from tests.jobs.erase import world
from tests.jobs.erase.world import DAY, ID, TEXT, TITLE


def test_a_day_that_is_made_again_is_without_it_and_nobody_is_asked_again(
    lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lakehouse_root.parent
    dataset = world.declare(root, monkeypatch)
    world.land("jsonl", "b", ID, "c")
    world.ingest()
    documents = DocumentsArguments(dataset=notes.NAME, partition=DAY)
    documents_job.run(documents)
    teach_job.run(TeachArguments(dataset=notes.NAME, partition=DAY))
    assert len(calls.answers(dataset.name)) == 3
    result = erase_job.run(EraseArguments(source=notes.SOURCE, document=ID, reason="asked"))
    assert result.places["gold.notes_summaries_documents"] == result.places["ops.calls"] == 1
    documents_job.run(documents)
    teach_job.run(TeachArguments(dataset=notes.NAME, partition=DAY))
    assert len(calls.answers(dataset.name)) == 3
    rows = arrow_dataset.read(tables.documents(dataset))
    assert sorted(rows["document_id"].to_pylist()) == ["b", "c"]
    assert traces.of(root, ID, TITLE, TEXT) == []
