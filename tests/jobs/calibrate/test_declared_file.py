"""The declaration is written whole or not at all, and never over what somebody else has changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.calibrate import parameters
from jobs.calibrate.declared_file import DeclaredFile
from jobs.calibrate.yaml_edit import Edit
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import DeclarationError
from lakehouse.models import artifacts, champion_record, recorded_version
from tests.jobs import appointments
from tests.jobs.calibrate.worlds import declared

EDITS = {"drift": {"max_loss_rise": Edit(0.2, "calibrated on a..b"), "violated_days": Edit(4, "calibrated on a..b")}}


@pytest.fixture
def use_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseCase:
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "state"))
    return appointments.declare(tmp_path, drift={"bins": 5})


def place(use_case: UseCase) -> Path:
    return loader.folder(use_case) / loader.FILE


def rewritten(file: Path, old: str, new: str) -> UseCase:
    content = file.read_bytes()
    assert old.encode() in content
    file.write_bytes(content.replace(old.encode(), new.encode()))
    return loader.load(file)


def leftovers(file: Path) -> list[str]:
    return [other.name for other in file.parent.iterdir() if other.name.endswith(".part")]


def test_windows_line_ends_and_the_file_s_mode_stay(use_case: UseCase) -> None:
    file = place(use_case)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    file.chmod(0o640)
    assert DeclaredFile.of(loader.load(file)).write(EDITS)
    content = file.read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") and file.stat().st_mode & 0o777 == 0o640
    drift = loader.load(file).drift
    assert (drift.max_loss_rise, drift.violated_days, drift.bins) == (0.2, 4, 5) and not leftovers(file)


def test_a_link_stays_a_link(use_case: UseCase, tmp_path: Path) -> None:
    file = place(use_case)
    elsewhere = tmp_path / "elsewhere.yaml"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    # The folder that the link leads to has no transform: it is the link's folder that declares.
    assert DeclaredFile.of(loader.load(file)).write(EDITS)
    assert file.is_symlink() and loader.load(file).drift.max_loss_rise == 0.2


def test_what_was_changed_meanwhile_is_not_written_over(use_case: UseCase) -> None:
    file = place(use_case)
    found = DeclaredFile.of(use_case)
    other = rewritten(file, "bins: 5", "bins: 6")
    content = file.read_bytes()
    with pytest.raises(DeclarationError, match="was changed since; nothing is written"):
        found.write(EDITS)
    assert file.read_bytes() == content and not leftovers(file)
    # Nor is it taken for what the limits were measured with.
    with pytest.raises(DeclarationError, match="was changed since"):
        DeclaredFile.of(use_case)
    assert DeclaredFile.of(other).write(EDITS)


def test_a_value_that_others_use_too_is_not_changed(use_case: UseCase) -> None:
    file = place(use_case)
    shared = rewritten(
        file, "bins: 5", "bins: &five 5\n  violated_days: &two 2\n  of_days: *five\n  cooldown_days: *two"
    )
    content = file.read_bytes()
    with pytest.raises(DeclarationError, match=r"drift\.max_loss_rise, drift\.violated_days alone, found that another"):
        DeclaredFile.of(shared).write(EDITS)
    assert file.read_bytes() == content


def test_what_would_be_no_right_declaration_is_not_written(use_case: UseCase) -> None:
    file = place(use_case)
    content = file.read_bytes()
    with pytest.raises(DeclarationError, match="can't exceed of_days"):
        DeclaredFile.of(use_case).write({"drift": {"violated_days": Edit(50, "x")}})
    assert file.read_bytes() == content and not leftovers(file)


def test_a_disk_that_is_full_leaves_the_file_as_it_was(use_case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    file, found = place(use_case), DeclaredFile.of(use_case)
    content = file.read_bytes()

    def full(self: Path, target: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DeclarationError, match="No space left on device; it is as it was"):
        found.write(EDITS)
    assert file.read_bytes() == content and not leftovers(file)


def test_nothing_to_change_touches_nothing(use_case: UseCase) -> None:
    file, found = place(use_case), DeclaredFile.of(use_case)
    stamp = file.stat().st_mtime_ns
    assert found.write({}) is False and file.stat().st_mtime_ns == stamp


def test_a_folder_that_is_not_writable_is_refused_at_once(use_case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place(use_case).parent.resolve()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder)
    with pytest.raises(DeclarationError, match=f"found that {folder} is not writable"):
        DeclaredFile.of(use_case)


@pytest.mark.parametrize(
    ("best", "origin"),
    [
        ({"rounds": 9, "max_depth": 3, "eta": 0.1}, "those of version 7"),
        ({"rounds": 9, "max_depth": 30, "eta": 0.1}, "the middle of each range"),
        ({"rounds": 9, "max_depth": 3}, "the middle of each range"),
    ],
)
def test_the_champion_s_parameters_are_taken_while_they_are_in_range(
    best: dict[str, float], origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"best_params": best}))
    monkeypatch.setattr(champion_record, "changes", lambda name: [SimpleNamespace(model_version=7)])
    monkeypatch.setattr(recorded_version, "version", lambda name, number: SimpleNamespace(version=number))
    monkeypatch.setattr(artifacts, "local_copy", lambda model, path: tmp_path / "result.json")
    found = parameters.choose(declared())
    assert found.origin == origin
    assert (dict(found.point) == {"max_depth": 3, "eta": 0.1}) == (origin != "the middle of each range")


def test_without_a_champion_the_middles_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(champion_record, "changes", lambda name: [])
    assert parameters.choose(declared()).point == {"max_depth": 3, "eta": pytest.approx(0.158, abs=0.001)}
