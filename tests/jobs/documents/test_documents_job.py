"""Documents: a row of the source becomes a document once, and what is declared otherwise changes what it has to."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from jobs.documents import version, workers
from jobs.documents.arguments import DocumentsArguments
from jobs.documents.job import DocumentsResult, run
from lakehouse import tables
from lakehouse.declaration import datasets
from lakehouse.errors import TransformBroken, WriteConflict
from lakehouse.ops import erasures
from lakehouse.staleness import document_staleness
from lakehouse.storage import small_tables
from tests.jobs import notes

NEXT = notes.DAY + dt.timedelta(days=1)
COUNTING = """
from pathlib import Path

def standardise(text, row):
    with (Path(__file__).parent / "calls").open("a") as file:
        file.write(row["note"] + " ")
    return None if row["kind"] == "draft" else text.replace("river", "stream")
"""


def make(day: dt.date = notes.DAY, **arguments: Any) -> DocumentsResult:
    return run(DocumentsArguments(dataset=notes.NAME, partition=day, **arguments))


def rows() -> dict[str, dict[str, Any]]:
    found = small_tables.read(tables.documents(datasets.by_name(notes.NAME)))
    return {row["document_id"]: row for row in found}


def stale() -> dict[dt.date, list[str]]:
    return document_staleness.stale(datasets.by_name(notes.NAME), version.DOCUMENTS)


@pytest.fixture
def root(tmp_path: Path, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    notes.declare(tmp_path / "declared", monkeypatch)
    return tmp_path / "declared"


def called(root: Path) -> list[str]:
    """The documents that standardise was called for since it was asked last."""
    file = root / notes.NAME / "calls"
    found = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def test_a_row_becomes_a_document_with_all_that_is_known_of_it(root: Path) -> None:
    values = {"title": " A  title ", "thread": "t1", "licence": "MIT", "link": "https://example.org/a"}
    notes.deliver(notes.note("a", notes.text(1), **values), notes.note("b", notes.text(2)))
    assert make() == DocumentsResult(status="built", days=1, documents=2, kept=2, made=2, table_version=1)
    found = rows()["a"]
    assert (found["title"], found["licence"], found["url"]) == ("A title", "MIT", "https://example.org/a")
    assert json.loads(found["together"]) == ["thread=t1"]
    assert (found["text"], found["language"], found["kept"], found["reasons"]) == (notes.text(1), "en", True, "")
    assert found["words"] == len(notes.text(1).split())
    assert found["delivery_id"] == f"{notes.DAY}-0"
    assert rows()["b"]["together"] == "[]"


def test_a_day_that_is_up_to_date_is_left_alone_and_a_forced_one_is_made_again(root: Path) -> None:
    notes.deliver(notes.note("a", notes.text(1)))
    make()
    before = rows()
    assert make() == DocumentsResult(status="unchanged", days=1, table_version=1)
    again = make(force=True)
    assert (again.status, again.made) == ("built", 1)
    assert rows() == before


def test_days_without_a_delivery_have_no_documents(root: Path) -> None:
    assert make().status == "none"
    notes.deliver(notes.note("a", notes.text(1)))
    notes.deliver(notes.note("b", notes.text(2)), day=NEXT)
    assert make(through=NEXT + dt.timedelta(days=5)).days == 2


def test_a_day_whose_delivery_has_no_row_is_built_once(root: Path) -> None:
    notes.deliver(notes.note("a", notes.text(1)))
    notes.deliver(day=NEXT)
    assert make(through=NEXT).documents == 1
    assert make(through=NEXT).status == "unchanged"
    assert stale() == {}


def test_what_is_rejected_says_for_which_reasons(root: Path) -> None:
    notes.declare(
        root, filter={"words": {"least": 100}, "languages": ["en"], "licences": ["MIT", "BSD"], "pii": {"most": 0}}
    )
    notes.deliver(
        notes.note("gone", notes.text(1), licence="MIT", gone=True),
        notes.note("none", None, licence="MIT"),
        notes.note("blank", " \n\u200b", licence="MIT"),
        notes.note("right", notes.text(2), licence="MIT"),
        notes.note(
            "short", "Der Ausschuss beschloss die Sperrung der Brücke; schreibt an a.b@example.org", licence="GPL; 3"
        ),
    )
    make()
    found = {name: row["reasons"] for name, row in rows().items()}
    assert found == {
        "gone": "deleted by its source",
        "none": "no text",
        "blank": "no text",
        "right": "",
        "short": "words: 10, expected at least 100; pii: 1, expected at most 0; language: de, expected en; licence: GPL, 3, "
        "expected MIT, BSD",
    }
    assert [name for name, row in rows().items() if row["kept"]] == ["right"]


def test_what_says_of_persons_is_counted_and_redacted_where_that_is_declared(root: Path) -> None:
    text = f"{notes.text(1)} Write to a.b@example.org, or c.d@example.org, or call +49 30 1234567."
    notes.deliver(notes.note("a", text, title="From a.b@example.org"))
    make()
    found = rows()["a"]
    assert found["text"].endswith("Write to <EMAIL>, or <EMAIL>, or call <PHONE>.")
    assert (found["pii"], json.loads(found["pii_counts"]), found["title"]) == (
        3,
        {"email": 2, "phone": 1},
        "From <EMAIL>",
    )
    notes.declare(root, documents={**notes.declaration()["documents"], "pii": "keep"})
    make()
    assert rows()["a"]["text"] == text
    assert rows()["a"]["pii"] == 3


def test_a_column_says_of_which_kind_a_text_is(root: Path) -> None:
    kinds = {"column": "kind", "values": {"md": "markdown", "web": "html"}}
    notes.declare(root, documents={**notes.declaration()["documents"], "format": kinds})
    notes.deliver(
        notes.note("m", f"# Title\n\n{notes.text(1)}", kind="md"),
        notes.note("h", f"<p>{notes.text(2)}</p><p>More</p>", kind="web"),
        notes.note("x", notes.text(3), kind="rst"),
        notes.note("y", notes.text(4)),
    )
    make()
    found = rows()
    assert found["m"]["text"] == f"Title\n\n{notes.text(1)}"
    assert found["h"]["text"] == f"{notes.text(2)}\n\nMore"
    assert found["x"]["reasons"] == "format: 'rst', expected md, web"
    assert found["y"]["reasons"] == "format: none, expected md, web"
    notes.declare(root, documents={**notes.declaration()["documents"], "format": {**kinds, "otherwise": "plain"}})
    make()
    assert rows()["x"]["text"] == notes.text(3)


def test_standardise_gives_the_text_or_leaves_a_document_out(root: Path) -> None:
    notes.declare(root, standardise=COUNTING)
    notes.deliver(notes.note("a", notes.text(1) + " A river."), notes.note("b", notes.text(2), kind="draft"))
    make()
    assert rows()["a"]["text"].endswith(" A stream.")
    assert (rows()["b"]["text"], rows()["b"]["reasons"]) == ("", "left out by standardise.py")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "def standardise(text, row):\n    return row['nothing']\n",
            "note a-1.*standardise failed: KeyError: 'nothing'",
        ),
        (
            "def standardise(text, row):\n    return len(text)\n",
            "note a-1.*expected a text or None from standardise, found int",
        ),
    ],
)
def test_a_standardise_that_fails_names_the_document(root: Path, code: str, expected: str) -> None:
    notes.declare(root, standardise=code)
    notes.deliver(notes.note("note a-1", notes.text(1)))
    with pytest.raises(TransformBroken, match=expected):
        make()


def test_a_changed_filter_makes_no_text_again(root: Path) -> None:
    notes.declare(root, standardise=COUNTING)
    notes.deliver(notes.note("a", notes.text(1)), notes.note("b", notes.text(2, 3)), notes.note("c", "x", kind="draft"))
    make()
    assert called(root) == ["a", "b", "c"]
    before = rows()
    notes.declare(root, filter={"words": {"least": 100}}, heuristics={"words": {"least": 100}, "common_words": None})
    assert [len(reasons) for reasons in stale().values()] == [2]
    result = make()
    assert (result.status, result.documents, result.kept, result.made) == ("built", 3, 1, 0)
    assert called(root) == []
    after = rows()
    decided = ("kept", "reasons", "quality", "inputs_fingerprint")
    assert all(after[name][key] == row[key] for name, row in before.items() for key in row if key not in decided)
    assert after["b"]["reasons"] == f"words: {before['b']['words']}, expected at least 100"
    assert after["b"]["quality"] < before["b"]["quality"]
    assert after["c"]["reasons"] == "left out by standardise.py"
    notes.declare(root, filter=None, heuristics=None)
    make()
    assert called(root) == []


def test_of_a_corrected_day_only_the_documents_that_changed_are_made_again(root: Path) -> None:
    notes.declare(root, standardise=COUNTING)
    notes.deliver(notes.note("a", notes.text(1)), notes.note("b", notes.text(2)), notes.note("c", notes.text(3)))
    make()
    called(root)
    notes.deliver(
        notes.note("a", notes.text(1)), notes.note("b", notes.text(9)), notes.note("d", notes.text(4)), correction=1
    )
    result = make()
    assert (result.documents, result.made) == (3, 2)
    assert called(root) == ["b", "d"]
    assert {name: row["text"] for name, row in rows().items()} == {
        "a": notes.text(1).replace("river", "stream"),
        "b": notes.text(9).replace("river", "stream"),
        "d": notes.text(4).replace("river", "stream"),
    }
    assert {row["delivery_id"] for row in rows().values()} == {f"{notes.DAY}-1"}


def test_a_changed_standardise_or_runs_of_words_make_all_again(root: Path) -> None:
    notes.declare(root, standardise=COUNTING)
    notes.deliver(notes.note("a", notes.text(1)))
    make()
    called(root)
    notes.declare(root, standardise=COUNTING.replace("stream", "brook"))
    assert stale()[notes.DAY][0].startswith("the standardising changed from ")
    assert make().made == 1
    signature = rows()["a"]["signature"]
    notes.declare(root, near={"ngram": 3})
    assert make().made == 1
    assert rows()["a"]["signature"] != signature


def test_a_comment_in_standardise_changes_nothing(root: Path) -> None:
    notes.declare(root, standardise=COUNTING)
    notes.deliver(notes.note("a", notes.text(1)))
    make()
    notes.declare(root, standardise=COUNTING + "\n# Nothing new.\n")
    assert make().status == "unchanged"


def test_an_erased_document_gets_no_row(root: Path) -> None:
    erasures.ask(notes.SOURCE, "a", "asked", "desk", dt.datetime(2024, 7, 1, tzinfo=dt.UTC))
    notes.deliver(notes.note("a", notes.text(1)), notes.note("b", notes.text(2)))
    assert make().documents == 1
    assert set(rows()) == {"b"}


def test_a_document_that_is_erased_while_its_day_is_made_is_not_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = erasures.tombstones(notes.SOURCE)
    later = [now, erasures.Tombstones("s", frozenset({"h"}))]
    monkeypatch.setattr(erasures, "tombstones", lambda source: later.pop(0))
    notes.deliver(notes.note("a", notes.text(1)))
    with pytest.raises(WriteConflict, match="was erased while the day was made"):
        make()
    assert rows() == {}


GRADE = {
    "by": "service",
    "url": "http://127.0.0.1:1/v1",
    "model": "m",
    "prompt": "grade.md",
    "variants": [{"name": "mark"}],
}
PAID = {"money": 1, "currency": "EUR", "cost_per_million_tokens": {"input": 1, "output": 1}}


def test_a_mark_of_the_teacher_is_taken_when_it_is_there_and_makes_no_text_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = dict[str, float]()
    monkeypatch.setattr(document_staleness, "marks_of", lambda dataset: marks)
    notes.declare(
        root,
        files={"grade.md": "Give a mark. {{ document }}"},
        grade=GRADE,
        budget=PAID,
        filter={"grade": {"least": 0.5}},
    )
    notes.deliver(notes.note("a", notes.text(1)), notes.note("b", notes.text(2)), notes.note("c", notes.text(3)))
    assert make().kept == 0
    assert {row["reasons"] for row in rows().values()} == {"no grade yet"}
    found = rows()
    marks |= {found["a"]["content_digest"]: 0.75, found["b"]["content_digest"]: 0.25}
    assert stale()[notes.DAY][0].startswith("the teacher's marks changed")
    assert (make().status, make().status) == ("built", "unchanged")
    assert {name: (row["grade"], row["reasons"]) for name, row in rows().items()} == {
        "a": (0.75, ""),
        "b": (0.25, "grade: 0.25, expected at least 0.5"),
        "c": (None, "no grade yet"),
    }
    assert make(force=True).made == 3
    assert make().status == "unchanged"


def test_texts_that_are_made_take_the_marks_that_were_given_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(notes.text(1).encode()).hexdigest()
    monkeypatch.setattr(document_staleness, "marks_of", lambda dataset: {digest: 0.75})
    notes.declare(root, files={"grade.md": "Give a mark. {{ document }}"}, grade=GRADE, budget=PAID)
    notes.deliver(notes.note("a", notes.text(1)))
    make()
    assert rows()["a"]["grade"] == 0.75
    assert make().status == "unchanged"


@pytest.mark.process
def test_other_processes_make_the_same_documents_in_the_same_order(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes.declare(root, standardise=COUNTING)
    notes.deliver(*(notes.note(f"{at:03}", notes.text(at)) for at in range(40)))
    make()
    here = rows()
    monkeypatch.setattr(workers, "FEW_ROWS", 10)
    monkeypatch.setattr("jobs.documents.made_day.ROWS_A_BATCH", 7)
    assert make(force=True).made == 40
    assert rows() == here
