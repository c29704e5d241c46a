"""From delivered notes to answers that are kept: graded, filtered, asked about, judged, checked; then one note is corrected."""

from __future__ import annotations

from jobs.documents import job as documents
from jobs.documents.arguments import DocumentsArguments
from tests.jobs import notes
from tests.jobs.answers import LATER, Answering


def make_documents() -> str:
    return documents.run(DocumentsArguments(dataset=notes.NAME, partition=notes.DAY, through=LATER)).status


def test_a_night_pays_once_for_each_document_and_a_correction_for_one(answering: Answering) -> None:
    declared = {
        "grade": answering.marker("grade"),
        "filter": {"grade": {"least": 0.5}},
        "judge": answering.marker("judge", least=0),
    }
    dataset = answering.declare(**declared)
    wanted = {"high": 0.9, "middle": 0.5, "low": 0.1}
    delivered = [
        notes.note(name, f"{notes.text(at)} special: mark {mark}") for at, (name, mark) in enumerate(wanted.items())
    ]
    notes.deliver(*delivered, notes.note("gone", notes.text(9), gone=True), notes.note("none", None))
    assert make_documents() == "built" and answering.teach()["rounds"]["teach"]["requests"] == 0
    assert answering.grade()["rounds"]["grade"]["ended"] == {"answered": 3}
    assert make_documents() == "built"
    # One whose mark is too low is a candidate still: another prompt may mark it higher.
    assert answering.grade()["rounds"]["grade"]["recorded"] == 3
    taught = answering.teach()
    assert {name: one["calls"] for name, one in taught["rounds"].items()} == {"teach": 4, "judge": 4}
    found = answering.check()
    assert (found.answers, found.kept, found.open) == (4, 4, 0)
    assert {(row["document_id"], row["mark"]) for row in answering.rows(dataset)} == {("high", 0.9), ("middle", 0.5)}

    came = answering.came
    assert (make_documents(), answering.grade()["status"], answering.teach()["status"]) == ("unchanged",) * 3
    assert answering.check().status == "unchanged" and answering.came == came
    notes.deliver(notes.note("high", f"{notes.text(20)} special: mark 0.8"), day=LATER)
    make_documents()
    answering.grade()
    make_documents()
    answering.teach()
    # A mark of the document, two answers, and a mark of each.
    assert answering.came == came + 5
    assert answering.check().kept == 4
    assert {(row["document_id"], row["partition"]) for row in answering.rows(dataset)} == {
        ("middle", notes.DAY), ("high", LATER),
    }  # fmt: skip
