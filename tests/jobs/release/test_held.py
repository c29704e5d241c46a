"""A version is held for what is wrong with it, and waits for a person where that is declared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.release import folder, log
from lakehouse.corpus import publication
from lakehouse.errors import BadArguments
from lakehouse.ops.call import SENT, TRUNCATED
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare
from tests.jobs.release.released import Killed, Logged, held_by, killed, release


@pytest.mark.parametrize(
    ("rule", "sections", "change"),
    [
        ("leaks", {}, lambda rows: [*rows, versions.example("copy", "test", text=rows[0]["text"])]),
        ("licences", {"gate": {"licences": ["MIT"]}}, lambda rows: [*rows, versions.example("x", licence="GPL")]),
        ("licences", {"gate": {"licences": ["MIT"]}}, lambda rows: [*rows, versions.example("x", licence=None)]),
        (
            "personal data",
            {},
            lambda rows: [*rows, versions.example("x", text="Ask ann@example.org. " + notes.text(1))],
        ),
        ("personal data", {}, lambda rows: [*rows, versions.example("x", summary="Ask ann@example.org or bob.")]),
        ("personal data", {}, lambda rows: [*rows, versions.example("x", title="By ann@example.org")]),
        ("train rows", {"gate": {"rows": {"train": 7}}}, lambda rows: rows),
    ],
    ids=["leak", "licence", "no_licence", "text", "answer", "title", "rows"],
)
def test_a_version_is_held_for_what_is_wrong_with_it(
    declare: Declare, logged: Logged, rule: str, sections: dict[str, Any], change: Callable[[Any], Any]
) -> None:
    dataset = declare(**sections)
    versions.assemble(dataset, change(versions.several()))
    result = release()
    assert (result.status, held_by(result)) == ("held", [rule])
    assert f"{rule}: found " in result.message
    assert not publication.place(dataset, 1).exists() and not logged
    release()
    assert versions.states(dataset) == ["assembled", "held"]


def test_declared_consent_to_personal_data_is_reported(declare: Declare, logged: Logged) -> None:
    documents = {**notes.declaration()["documents"], "pii": "keep"}
    dataset = declare(documents=documents)
    versions.assemble(dataset, [*versions.several(), versions.example("x", summary="Ask ann@example.org or bob.")])
    result = release()
    assert result.status == "published"
    assert "1 email" in versions.told(result.findings, "personal data")["found"]
    card = (Path(result.folder) / "README.md").read_text(encoding="utf-8")
    assert "left as they are, as declared; found: email (1)" in card


def test_a_held_version_is_released_when_the_reason_is_gone(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    versions.write_summaries(dataset, rows, {"train-1": SENT})
    assert held_by(release()) == ["open calls"]
    versions.write_summaries(dataset, rows, {"train-1": TRUNCATED})
    assert release().status == "published"
    assert versions.states(dataset) == ["assembled", "held", "published"]


def test_a_kept_document_that_nobody_asked_about_is_an_open_call(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    found = [*rows, versions.example("new")]
    versions.write_documents(dataset, [versions.document(row) for row in found])
    result = release()
    assert held_by(result) == ["open calls"]
    assert "new, cold" in result.message
    versions.write_documents(dataset, [versions.document(row, kept=row["document_id"] != "new") for row in found])
    assert release().status == "published"


def test_an_example_whose_call_was_not_answered_holds(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several(), state=TRUNCATED)
    assert held_by(release()) == ["unanswered calls"]


def test_what_a_published_version_trains_on_is_held_out_in_none(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    release()
    moved = [{**row, "split": "test"} if row["document_id"] == "train-0" else row for row in rows]
    versions.assemble(dataset, moved, version=2)
    result = release()
    assert (result.version, held_by(result)) == (2, ["ever in training"])
    assert "train-0" in result.message


def test_a_version_that_changes_too_much_is_held(declare: Declare, logged: Logged) -> None:
    dataset = declare(gate={"most_change": 0.25})
    rows = versions.several()
    versions.assemble(dataset, rows)
    release()
    corrected = [
        versions.example(row["document_id"], row["split"], text=notes.text(5000 + at))
        for at, row in enumerate(rows[:2])
    ]
    versions.assemble(dataset, [*corrected, *rows[3:], versions.example("new")], version=2)
    result = release()
    assert held_by(result) == ["change"]
    assert "3 of 10 examples of version 1 gone or changed (30.0%)" in result.message
    dataset = declare(gate={"most_change": 0.3})
    result = release()
    assert result.status == "published"
    card = (Path(result.folder) / "README.md").read_text(encoding="utf-8")
    assert "Since version 1: 1 example added, 1 gone, 2 with another text or answer" in card
    assert "1 document added, 1 gone, 2 corrected" in card


def test_a_person_is_asked_where_that_is_declared(declare: Declare, logged: Logged) -> None:
    dataset = declare(gate={"approval": {"hours": 2}})
    versions.assemble(dataset, versions.several())
    asked = release()
    assert (asked.status, asked.verdict) == ("waiting", "waiting")
    assert asked.findings and not publication.place(dataset, 1).exists()
    assert versions.states(dataset) == ["assembled"]
    assert release(answer="rejected", actor="ann").status == "held"
    assert release(answer="timeout").reasons == ["nobody answered within 2 hours"]
    assert release().status == "waiting"
    result = release(answer="approved", actor="ann", reason="looks right")
    assert (result.status, result.reasons) == ("published", ["approved by ann"])
    assert versions.states(dataset) == ["assembled", "held", "held", "approved", "published"]
    assert release(answer="approved").status == "unchanged"
    with pytest.raises(BadArguments, match="published"):
        release(answer="rejected")


def test_an_approval_is_not_asked_for_again_by_a_run_that_was_killed(
    declare: Declare, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = declare(gate={"approval": {"hours": 2}})
    versions.assemble(dataset, versions.several())
    with monkeypatch.context() as patch:
        patch.setattr(folder, "fill", killed)
        with pytest.raises(Killed):
            release(answer="approved", actor="ann")
    with monkeypatch.context() as patch:
        patch.setattr(log, "record", killed)
        with pytest.raises(Killed):
            release()
    with pytest.raises(BadArguments, match="published"):
        release(answer="rejected")
    assert release().verdict == "published"
    assert versions.states(dataset) == ["assembled", "approved", "published"]
