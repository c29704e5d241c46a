"""A declaration that was found right is not checked again: by no process, for as long as text and code are the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import declared, kept, loader
from lakehouse.declaration.declaration import DATASET_FILE
from lakehouse.declaration.section import Section
from lakehouse.errors import DeclarationError
from lakehouse.settings import PROJECT_ROOT

SOURCES = ["flight_outcomes", "flight_schedule", "planes", "readmes", "weather"]
ALL = sorted(["bakery_sales", "flight_delays", "package_readmes", *SOURCES])
ROOTS = (PROJECT_ROOT / "include", PROJECT_ROOT / "tests" / "use_cases")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which declarations are kept; a copy of each of this project's use cases and datasets is declared."""
    for root in ROOTS:
        declarations = [*root.glob(f"*/{loader.FILE}"), *root.glob(f"*/{DATASET_FILE}")]
        for folder in (*(file.parent for file in declarations), *root.glob(loader.SOURCES)):
            shutil.copytree(folder, tmp_path / "roots" / folder.name)
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    forget()
    return tmp_path / "home" / kept.FILE


def forget() -> None:
    """Forget what this process knows."""
    declared.use_case.cache_clear()
    declared.dataset.cache_clear()
    declared.shared_source.cache_clear()
    kept._read_once.cache_clear()


def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is checked when all is found, by a process that knows nothing."""
    forget()
    names = []
    check = declared._checked

    def noticed(model: type[Section], file: Path, text: str, context: Any = None) -> Section:
        names.append(file.parent.name)
        return check(model, file, text, context)

    with monkeypatch.context() as patched:
        patched.setattr(declared, "_checked", noticed)
        loader.find()
    return sorted(names)


def test_what_is_kept_is_what_was_checked(state: Path) -> None:
    found = loader.declared()
    assert [use_case.name for use_case in found] == ["bakery_sales", "flight_delays"]
    forget()
    again = loader.declared()
    assert again == found and again[0] is not found[0]
    assert [one.model_dump() for one in again] == [one.model_dump() for one in found]
    assert [one.model_fields_set for one in again] == [one.model_fields_set for one in found]


@pytest.mark.process
def test_another_process_checks_nothing_again_and_needs_no_parser_of_row_rules(state: Path) -> None:
    assert any(source.row_rules for _, source in loader.sources())
    code = (
        "import sys; from lakehouse.declaration import loader; print(len(loader.declared()), 'sqlglot' in sys.modules)"
    )
    for expected in ("2 False", "2 True"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected
        state.unlink()


def test_an_edited_declaration_alone_is_checked_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(monkeypatch) == ALL
    assert checked(monkeypatch) == []
    file = state.parents[1] / "roots" / "bakery_sales" / loader.FILE
    file.write_text(f"{file.read_text()}\n# edited\n")
    assert checked(monkeypatch) == ["bakery_sales"]
    assert checked(monkeypatch) == []


def test_a_wrong_declaration_is_checked_and_told_each_time_and_the_others_stay_kept(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = state.parents[1] / "roots" / "bakery_sales" / loader.FILE
    file.write_text(f"{file.read_text()}\nnonsense: 1\n")
    assert checked(monkeypatch) == ALL
    for _ in range(2):
        assert checked(monkeypatch) == ["bakery_sales"]
        with pytest.raises(DeclarationError, match="nonsense: is not a field that is known here"):
            loader.by_name("bakery_sales")


def test_one_that_is_gone_is_no_longer_kept(state: Path) -> None:
    loader.find()
    shutil.rmtree(state.parents[1] / "roots" / "bakery_sales")
    loader.find()
    assert {Path(file).parent.name for file in kept._read_once()} == set(ALL) - {"bakery_sales"}


def test_other_code_checks_them_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader.find()
    monkeypatch.setattr(kept, "CODE", "a later release")
    assert checked(monkeypatch) == ALL


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: b"", lambda content: b"x" * 100])
def test_a_damaged_file_is_written_anew(state: Path, monkeypatch: pytest.MonkeyPatch, damage) -> None:
    loader.find()
    state.write_bytes(damage(state.read_bytes()))
    assert checked(monkeypatch) == ALL
    assert checked(monkeypatch) == []


def test_the_file_is_this_user_s_alone_and_another_user_s_is_not_unpacked(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader.find()
    assert state.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in state.parent.iterdir()] == [kept.FILE]
    monkeypatch.setattr(os, "getuid", lambda: state.stat().st_uid + 1)
    assert checked(monkeypatch) == ALL


def test_what_a_killed_process_left_half_written_is_removed(state: Path) -> None:
    state.parent.mkdir()
    old, new = state.with_name("declarations.old"), state.with_name("declarations.new")
    for file in (old, new):
        file.touch()
    os.utime(old, (0, 0))
    loader.find()
    assert state.exists() and new.exists() and not old.exists()


def test_where_nothing_can_be_kept_all_are_checked(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.parent.touch()
    for _ in range(2):
        assert checked(monkeypatch) == ALL
