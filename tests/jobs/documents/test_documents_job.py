from __future__ import annotations
import pytest
from pathlib import Path
from jobs.documents.arguments import DocumentsArguments
from jobs.documents.job import run
from tests.jobs import notes
from lakehouse import tables
from lakehouse.storage import small_tables


def test_x(tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = notes.declare(tmp_path / "d", monkeypatch)
    notes.deliver(notes.note("a", notes.text(1)), notes.note("b", None), notes.note("c", notes.text(3), gone=True))
    print(run(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY)))
    print(run(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY)))
    for row in small_tables.read(tables.documents(dataset)):
        print(row)
