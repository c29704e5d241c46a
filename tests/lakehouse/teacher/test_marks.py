"""The marks of a dataset: those that were asked for as is declared now, and are marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import Dataset
from lakehouse.teacher import asked, marks, request, teaching
from lakehouse.teacher.request import GRADE, JUDGE, Answer, Document
from tests.jobs import notes
from tests.lakehouse.teacher.asking import Asking

FILES = {
    "grade.md": "How good is it? Answer with a number from 0 to 1.\n{{ document }}",
    "judge.md": "How good is the answer?\n{{ document }}\nIts summary:\n{{ answer }}\nAnswer with a number from 0 to 1.",
}
BUDGET = {"money": 10, "cost_per_million_tokens": {"input": 0.15, "output": 0.6}}


@pytest.fixture
def declared(asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Declares a dataset whose markers are the service, with some fields replaced."""

    def declare(files: dict[str, str] | None = None, **fields: Any) -> Dataset:
        marker = {"by": "service", "url": asking.url, "model": "marker", **fields}
        sections: dict[str, Any] = {
            "grade": {**marker, "prompt": "grade.md"},
            "judge": {**marker, "prompt": "judge.md"},
        }
        return notes.declare(
            tmp_path / "roots", monkeypatch, files={**FILES, **(files or {})}, budget=BUDGET, **sections
        )

    return declare


def ask_for_grades(dataset: Dataset, *texts: str) -> None:
    way = asked.of(dataset, GRADE)
    assert way is not None and dataset.grade is not None
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    found = request.of_documents(documents, way.teacher, way.prompt, GRADE)
    teaching.teach(dataset.name, found, dataset.grade, dataset.budget)


def test_a_document_has_the_mark_that_was_given_to_its_text(declared: Any) -> None:
    dataset = declared()
    ask_for_grades(dataset, "special: mark 0.25", "special: mark 0.75.", "special: mark 9", "special: refusal")
    expected = {request.digest_of("special: mark 0.25"): 0.25}
    assert marks.marks(dataset, GRADE) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "other-marker"},
        {"max_tokens": 7},
        {"variants": [{"name": "first", "temperature": 0.5}]},
        {"variants": [{"name": "second"}]},
        {"parameters": {"frequency_penalty": 1}},
        {"files": {"grade.md": FILES["grade.md"].replace("good", "bad")}},
    ],
    ids=str,
)
def test_marks_that_were_asked_for_in_another_way_do_not_count_until_it_is_declared_again(
    declared: Any, changed: dict[str, Any]
) -> None:
    ask_for_grades(declared(), "special: mark 0.25")
    assert marks.marks(declared(**changed), GRADE) == {}
    assert len(marks.marks(declared(concurrency=3, files={"judge.md": FILES["judge.md"] + " "}), GRADE)) == 1


def test_a_dataset_without_grade_has_no_marks(
    lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert marks.marks(notes.declare(tmp_path / "roots", monkeypatch), GRADE) == {}


def test_answers_have_their_marks_by_request(declared: Any) -> None:
    dataset = declared()
    way = asked.of(dataset, JUDGE)
    assert way is not None and way.prompt is not None and dataset.judge is not None
    document = Document("d", "A text.")
    answers = [Answer(document, text) for text in ("special: mark 0.5", "special: mark 1", "no mark, special: mark x")]
    found = list(request.of_answers([*answers, answers[0]], dataset.judge, way.prompt))
    assert teaching.teach(dataset.name, found, dataset.judge, dataset.budget).shared == 1
    assert marks.marks_of(dataset, [one.key for one in found]) == {found[0].key: 0.5, found[1].key: 1.0}
