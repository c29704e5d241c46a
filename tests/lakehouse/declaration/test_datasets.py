"""What a dataset's declaration may say, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import datasets, loader
from lakehouse.errors import BadArguments, DeclarationError
from lakehouse.scaffold import request
from tests.jobs import notes

SERVICE = {"by": "service", "url": "http://127.0.0.1:1/v1", "model": "m", "prompt": "prompt.md"}
BUDGET = {"money": 1, "cost_per_million_tokens": {"input": 1, "output": 1}}


def documents(**fields: Any) -> dict[str, Any]:
    return {**notes.declaration()["documents"], **fields}


def test_a_dataset_reads_a_shared_source(tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = notes.declare(tmp_path / "roots", monkeypatch)
    assert (found.source.name, found.calendar.start) == ("notes", notes.DAY)
    assert [one.name for one in datasets.readers("notes")] == [notes.NAME]
    assert datasets.folder(found) == tmp_path / "roots" / notes.NAME
    with pytest.raises(BadArguments, match="there is no dataset 'others'; declared are: notes_summaries"):
        datasets.by_name("others")


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"documents": documents(source="letters")}, "documents.source: unknown letters"),
        ({"documents": documents(text="words")}, "documents.text: unknown words"),
        ({"documents": documents(id="title")}, "expected the whole key of source notes"),
        ({"documents": documents(deleted="title")}, "expected a true or false column, found title"),
        ({"documents": documents(text="gone")}, "expected a column of texts, found gone"),
        (
            {"documents": documents(licence=None), "gate": {"licences": ["MIT"]}},
            "gate.licences: needs documents.licence",
        ),
        ({"filter": {"grade": {"least": 0.5}}}, "filter.grade: needs grade"),
        ({"filter": {"quality": {"least": 2, "most": 1}}}, "nothing would pass"),
        ({"split": {"shares": {"train": 0.8, "validation": 0.3, "test": 0.1}}}, "expected shares that make 1"),
        ({"judge": SERVICE}, "budget: is missing, and is required with a service .judge."),
        ({"teacher": SERVICE, "budget": BUDGET}, "teacher.prompt: expected prompt.md in the same folder"),
        ({"grade": {**SERVICE, "variants": [{"name": "a"}, {"name": "b"}]}, "budget": BUDGET}, "a mark is given once"),
        ({"publish": {"hub": {"repo": "no slash"}}}, "publish.hub.repo"),
        ({"name": "others"}, "expected 'notes_summaries' like its folder"),
    ],
)
def test_a_wrong_declaration_says_what_is_expected(
    sections: dict[str, Any], told: str, tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeclarationError, match=told):
        notes.declare(tmp_path / "roots", monkeypatch, **sections)
    # Nobody else is hindered by it.
    assert [source.name for _, source in loader.sources()] == ["notes"]


def test_a_dataset_and_a_use_case_of_one_name_are_refused(
    tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes.declare(tmp_path / "roots", monkeypatch)
    other = tmp_path / "more" / notes.NAME
    other.mkdir(parents=True)
    (other / "use_case.yaml").write_text("name: [", encoding="utf-8")
    monkeypatch.setenv("USE_CASE_ROOTS", f"{tmp_path / 'roots'}:{tmp_path / 'more'}")
    found = {item.file.name: item.error for item in loader.find()}
    assert found["use_case.yaml"] is not None


def test_a_new_use_case_can_not_have_the_name_of_a_dataset(
    tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes.declare(tmp_path / "roots", monkeypatch)
    with pytest.raises(BadArguments, match="a dataset of that name is declared already"):
        request.check_name(notes.NAME, tmp_path / "elsewhere")
