"""Releases as a whole, without a tracking server and without a Hub."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.release import folder, log, mlflow_record
from jobs.release.arguments import ReleaseArguments
from jobs.release.job import run
from jobs.release.release_result import ReleaseResult
from lakehouse import tables
from lakehouse.corpus import publication
from lakehouse.declaration import Dataset
from lakehouse.errors import BadArguments, DeclarationError, ServiceUnavailable, VersionChanged
from lakehouse.ops import dataset_versions
from lakehouse.ops.call import SENT, TRUNCATED
from lakehouse.ops.dataset_versions import ERASED
from lakehouse.storage import delta_log
from lakehouse.storage.table_schema import arrow_schema
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare

Logged = list[tuple[int, str]]


def release(**arguments: Any) -> ReleaseResult:
    return run(ReleaseArguments(dataset=notes.NAME, **arguments))


def files_of(place: Path) -> dict[str, bytes]:
    return {str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()}


def held_by(result: ReleaseResult) -> list[str]:
    return [one["rule"] for one in result.findings if one["held"]]


def test_an_assembled_version_is_published_once(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    event = versions.assemble(dataset, versions.several(test=0))
    result = release(reason="for the team", actor="ann")
    assert (result.status, result.verdict, result.version, result.reasons) == ("published", "published", 1, [])
    place = publication.place(dataset, 1)
    data = [f"data/{split}-00000-of-00001.parquet" for split in ("train", "validation")]
    assert sorted(files_of(place)) == sorted(result.files) == ["README.md", *data, "manifest.json"]
    line = list(dataset_versions.published(dataset.name))[-1]
    assert (line.folder, line.actor, line.reason) == (str(place), "ann", "for the team")
    assert (line.content_digest, line.rows) == (event.content_digest, {"train": 6, "validation": 2, "test": 0})
    assert logged == [(1, event.content_digest)]

    before = files_of(place)
    again = release()
    assert again.status == "unchanged" and again.run_url == result.run_url
    assert files_of(place) == before and logged == [(1, event.content_digest)]
    assert versions.states(dataset) == ["assembled", "published"]
    assert not list(place.parent.glob(".draft*"))


def test_the_manifest_leads_from_every_example_to_document_and_call(declare: Declare, logged: Logged) -> None:
    dataset = declare(publish={"folder": "elsewhere/notes"})
    rows = [*versions.several(), versions.example("train-0", variant="warm")]
    versions.assemble(dataset, rows)
    place = Path(release().folder)
    said = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    assert said["calls"] == sorted(row["request_key"] for row in rows)
    assert {one["document_id"]: one["content_digest"] for one in said["documents"]} == {
        row["document_id"]: row["content_digest"] for row in rows
    }
    assert len(said["documents"]) == 10
    assert said["assembled"] == {"teacher": "textrank"} and said["declaration"]["near"]["ngram"] == 5
    assert publication.changes(place, said["files"]) == []
    text = (place / "manifest.json").read_text(encoding="utf-8") + (place / "README.md").read_text(encoding="utf-8")
    assert str(place.parent) not in text and "elsewhere" not in text


def test_files_are_equal_when_the_tables_files_are_others(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    place = Path(release().folder)
    first = files_of(place)
    # The same rows in the other order, a file each.
    table = tables.examples(dataset)
    versions.write_examples(dataset, [], 1)
    for row in reversed(rows):
        line = pa.Table.from_pylist([row | {"version": 1}], arrow_schema(table))
        write_deltalake(delta_log.location(table), line, mode="append")
    shutil.rmtree(place)
    assert release().status == "published"
    assert files_of(place) == first


@pytest.mark.parametrize(
    "step",
    [
        (folder, "fill"),
        (Path, "rename"),
        (publication, "file_digest"),
        (log, "record"),
        (mlflow_record, "log"),
    ],
    ids=lambda step: step[1],
)
def test_a_release_that_ends_anywhere_ends_the_same_when_it_is_repeated(
    declare: Declare, logged: Logged, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    made = release(dry_run=True)
    with monkeypatch.context() as patch:
        patch.setattr(step[0], step[1], _killed)
        with pytest.raises(Killed):
            release()
    result = release()
    assert result.verdict == "published" and sorted(result.files) == sorted(made.files)
    place = publication.place(dataset, 1)
    said = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    assert publication.changes(place, said["files"]) == []
    assert sorted(one.name for one in place.parent.iterdir()) == [".lock", "v1"]
    assert versions.states(dataset) == ["assembled", "published"]
    assert len(logged) == 1


class Killed(BaseException):
    """As if the process ended here."""


def _killed(*_: object, **__: object) -> None:
    raise Killed


def test_what_a_killed_writer_left_is_removed(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    left = publication.base(dataset) / ".draft-abc" / "data"
    left.mkdir(parents=True)
    (left / "train-00000-of-00001.parquet").write_text("half")
    release()
    assert not left.exists()


def test_two_publishers_at_once_publish_once(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(one.status for one in pool.map(lambda _: release(), range(2)))
    assert statuses == ["published", "unchanged"]
    assert versions.states(dataset) == ["assembled", "published"]


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
        patch.setattr(folder, "fill", _killed)
        with pytest.raises(Killed):
            release(answer="approved", actor="ann")
    with monkeypatch.context() as patch:
        patch.setattr(log, "record", _killed)
        with pytest.raises(Killed):
            release()
    with pytest.raises(BadArguments, match="published"):
        release(answer="rejected")
    assert release().verdict == "published"
    assert versions.states(dataset) == ["assembled", "approved", "published"]


def test_a_dry_run_writes_nothing(declare: Declare, logged: Logged, lakehouse_root: Path) -> None:
    dataset = declare(gate={"approval": {"hours": 2}})
    versions.assemble(dataset, versions.several())
    before = files_of(lakehouse_root)
    waiting = release(dry_run=True)
    approved = release(dry_run=True, answer="approved")
    assert (waiting.status, waiting.verdict, waiting.files) == ("planned", "waiting", [])
    assert (approved.status, approved.verdict) == ("planned", "published")
    assert "data/train-00000-of-00001.parquet" in approved.files
    assert files_of(lakehouse_root) == before and not logged


def test_examples_that_were_changed_by_hand_are_refused(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    versions.write_examples(dataset, [{**rows[0], "summary": "Something else."}, *rows[1:]])
    with pytest.raises(VersionChanged, match=r"gold\.notes_summaries_examples, version 1"):
        release()
    assert versions.states(dataset) == ["assembled"]


def _edit(place: Path) -> None:
    (place / "README.md").write_text("mine")


def _take(place: Path) -> None:
    (place / "data/train-00000-of-00001.parquet").unlink()


def _add(place: Path) -> None:
    (place / "data/train-extra.parquet").write_text("mine")


def _rewrite(place: Path) -> None:
    file = place / "manifest.json"
    file.write_text(file.read_text().replace('"fingerprint": "f1"', '"fingerprint": "f2"'))


def _empty(place: Path) -> None:
    (place / "manifest.json").unlink()


CHANGES = (
    (_edit, "README.md"),
    (_take, "train-00000-of-00001.parquet: expected a file"),
    (_add, "train-extra.parquet: expected no such"),
    (_rewrite, "manifest.json"),
    (_empty, "manifest.json"),
)


def test_a_folder_that_was_changed_by_hand_is_noticed(declare: Declare, logged: Logged, tmp_path: Path) -> None:
    dataset = declare()
    event = versions.assemble(dataset, versions.several())
    place = Path(release().folder)
    said = publication.file_digest(place / "manifest.json")
    for change, named in CHANGES:
        copied = tmp_path / change.__name__ / "v1"
        shutil.copytree(place, copied)
        assert folder.present(copied, event.content_digest, said) is not None
        change(copied)
        with pytest.raises(VersionChanged, match=named):
            folder.present(copied, event.content_digest, said)


def test_a_folder_that_was_changed_is_written_anew_when_it_was_moved_away(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    place = Path(release().folder)
    whole = files_of(place)
    _edit(place)
    with pytest.raises(VersionChanged, match=r"README\.md"):
        release()
    place.rename(place.parent / "aside")
    assert release().status == "published"
    assert files_of(place) == whole
    assert versions.states(dataset) == ["assembled", "published"]


def test_what_is_something_else_is_not_overwritten(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    place = publication.place(dataset, 1)
    place.mkdir(parents=True)
    (place / "thesis.txt").write_text("mine")
    with pytest.raises(VersionChanged, match="move"):
        release()
    shutil.rmtree(place)
    place.write_text("mine")
    with pytest.raises(VersionChanged, match="found a file"):
        release()
    assert place.read_text() == "mine" and versions.states(dataset) == ["assembled"]


def test_what_comes_in_between_is_not_overwritten(
    declare: Declare, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())
    place, fill = publication.place(dataset, 1), folder.fill

    def slow(*arguments: Any) -> Any:
        place.mkdir()
        (place / "thesis.txt").write_text("mine")
        return fill(*arguments)

    monkeypatch.setattr(folder, "fill", slow)
    with pytest.raises(VersionChanged, match="expected nothing there"):
        release()
    assert files_of(place) == {"thesis.txt": b"mine"} and not list(place.parent.glob(".draft*"))


def test_a_version_that_was_erased_from_is_released_as_it_is(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    rows = versions.several()
    versions.assemble(dataset, rows)
    left = rows[1:]
    versions.write_documents(dataset, [versions.document(row) for row in left])
    versions.write_examples(dataset, left)
    dataset_versions.record(versions.line(dataset, left, state=ERASED, happened_at=versions.NOW.replace(month=7)))
    result = release()
    assert (result.status, result.rows["train"]) == ("published", 5)


def test_nothing_is_published_while_mlflow_is_away(
    declare: Declare, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = declare()
    versions.assemble(dataset, versions.several())

    def away(dataset: Dataset) -> str:
        raise ServiceUnavailable("MLflow: expected an answer")

    with monkeypatch.context() as patch:
        patch.setattr(mlflow_record, "reach", away)
        with pytest.raises(ServiceUnavailable):
            release()
    assert not publication.place(dataset, 1).exists()
    assert release().status == "published"


def test_there_is_nothing_to_release_without_a_version(declare: Declare, logged: Logged) -> None:
    dataset = declare()
    assert release().status == "none"
    versions.assemble(dataset, versions.several())
    with pytest.raises(BadArguments, match="--version 2"):
        release(version=2)


def test_a_folder_in_an_object_store_is_refused(declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = declare()
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://bucket/lakehouse")
    with pytest.raises(DeclarationError, match=r"publish\.folder"):
        publication.base(dataset)
    monkeypatch.setenv("USE_CASE_ROOTS", os.environ["USE_CASE_ROOTS"])
    assert publication.base(declare(publish={"folder": "/srv/sets"})) == Path("/srv/sets")
