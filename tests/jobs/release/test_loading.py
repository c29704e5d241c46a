"""A published folder as others read it: the datasets library, and DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from jobs.release.arguments import ReleaseArguments
from jobs.release.job import run
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare


def test_the_datasets_library_loads_a_folder(
    declare: Declare, logged: list[tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HF_HOME", str(tmp_path / "home")), ("HF_DATASETS_OFFLINE", "1"), ("HF_HUB_OFFLINE", "1")):
        monkeypatch.setenv(name, value)
    from datasets import disable_progress_bars, load_dataset  # type: ignore[import-untyped]

    disable_progress_bars()
    rows = [
        *versions.several(test=0),
        versions.example("titled", "train", title=None, licence="CC0-1.0", url="http://x"),
    ]
    versions.assemble(declare(), rows)
    folder = run(ReleaseArguments(dataset=notes.NAME)).folder
    loaded = load_dataset(folder, cache_dir=str(tmp_path / "cache"))
    assert {split: len(found) for split, found in loaded.items()} == {"train": 7, "validation": 2}
    names = ["example_id", "document_id", "variant", "title", "text", "summary", "language", "licence", "url"]
    assert loaded["train"].column_names == names
    expected = sorted(
        ({name: row[name] for name in names} for row in rows if row["split"] == "train"),
        key=lambda row: row["document_id"],
    )
    assert loaded["train"].to_list() == expected


def test_duckdb_reads_a_folder(declare: Declare, logged: list[tuple[int, str]]) -> None:
    rows = versions.several()
    versions.assemble(declare(), rows)
    folder = run(ReleaseArguments(dataset=notes.NAME)).folder
    found = (
        duckdb.connect()
        .execute(f"select document_id, summary from '{folder}/data/test-*.parquet' order by document_id")
        .fetchall()
    )
    assert found == [(row["document_id"], row["summary"]) for row in rows if row["split"] == "test"]
