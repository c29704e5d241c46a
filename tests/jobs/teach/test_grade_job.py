"""Marks of documents: asked for once, of those that pass every other limit."""

from __future__ import annotations

from lakehouse.teacher import marks, request
from tests.jobs.answers import FILES, LATER, Answering

OPEN = "no grade yet"


def test_those_are_marked_that_lack_nothing_but_a_grade_or_have_too_low_a_one(answering: Answering) -> None:
    dataset = answering.declare(grade=answering.marker("grade"), filter={"grade": {"least": 0.5}})
    answering.documents(
        dataset,
        open=("special: mark 0.75", OPEN),
        low=("special: mark 0.25", "grade: 0.25, expected at least 0.5"),
        kept="special: mark 1",
        both=("special: mark 0.1", f"words 2, expected at least 5; {OPEN}"),
        other=("special: mark 0.2", "degrade 1; no grade yet"),
        gone=("special: mark 0.3", "deleted by its source"),
    )
    found = answering.grade()
    assert found["status"] == "done" and found["rounds"]["grade"]["ended"] == {"answered": 3}
    assert marks.marks(dataset, "grade") == {
        request.digest_of(f"special: mark {mark}"): mark for mark in (0.75, 0.25, 1)
    }
    assert answering.grade()["status"] == "unchanged" and answering.came == 3
    # A grade is no answer about a document: what is taught is another call.
    assert answering.teach()["rounds"]["teach"]["calls"] == 2


def test_where_no_grade_is_declared_there_is_nothing_to_do(answering: Answering) -> None:
    dataset = answering.declare()
    answering.documents(dataset, a="text")
    found = answering.grade()
    assert found["status"] == "none" and "declares no grade" in found["message"] and answering.came == 0


def test_a_plan_of_marks_sends_nothing_and_another_prompt_asks_again(answering: Answering) -> None:
    dataset = answering.declare(grade=answering.marker("grade"))
    answering.documents(dataset, a="one", b="two", c=("three", OPEN))
    assert answering.grade(dry_run=True)["rounds"]["grade"]["calls"] == 3 and answering.came == 0
    answering.grade(LATER)
    answering.declare(
        grade=answering.marker("grade"), files={"grade.md": FILES["grade.md"].replace("How good", "How bad")}
    )
    assert marks.marks(dataset, "grade") == {}
    assert answering.grade()["rounds"]["grade"]["calls"] == 3 and answering.came == 6
