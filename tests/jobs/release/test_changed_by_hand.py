"""What somebody else has put in the place of a version is noticed, and not overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from jobs.release import folder
from lakehouse.corpus import publication
from lakehouse.errors import VersionChanged
from lakehouse.ops import dataset_versions
from lakehouse.ops.dataset_versions import ERASED
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare
from tests.jobs.release.released import Logged, files_of, release


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
