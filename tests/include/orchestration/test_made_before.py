import os
import shutil
from pathlib import Path

import pytest

from include.orchestration import made_before
from lakehouse.declaration import loader

PARCELS = Path(__file__).resolve().parents[2] / "dags" / "use_cases" / "parcels"


@pytest.fixture
def dag_file(tmp_path, monkeypatch):
    """A DAG file; the use case parcels is declared."""
    shutil.copytree(PARCELS, tmp_path / "roots" / "parcels")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "score.py").write_text("first")
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    return tmp_path / "dags" / "score.py"


def edit(file):
    file.write_text(file.read_text().replace("title: Late parcels", "title: Parcels"))


def test_what_was_noted_is_known_and_of_that_file_alone(dag_file):
    other = dag_file.with_name("train.py")
    other.write_text("first")
    assert not made_before.noted(dag_file, loader.find())
    made_before.note(dag_file, loader.find())
    assert made_before.noted(dag_file, loader.find())
    assert not made_before.noted(other, loader.find())


def test_a_changed_dag_file_is_seen(dag_file):
    made_before.note(dag_file, loader.find())
    dag_file.write_text("second")
    assert not made_before.noted(dag_file, loader.find())


def test_an_edited_declaration_and_a_new_one_are_seen_and_a_wrong_one_whose_dags_nobody_makes_is_not(dag_file):
    declaration = dag_file.parents[1] / "roots" / "parcels" / "use_case.yaml"
    wrong = declaration.parents[1] / "letters" / "use_case.yaml"
    made_before.note(dag_file, loader.find())
    wrong.parent.mkdir()
    wrong.write_text("name: [")
    assert made_before.noted(dag_file, loader.find())
    edit(declaration)
    assert not made_before.noted(dag_file, loader.find())
    made_before.note(dag_file, loader.find())
    shutil.rmtree(wrong.parent)
    shutil.copytree(declaration.parent, wrong.parent)
    wrong.write_text(
        wrong.read_text()
        .replace("parcel_", "letter_")
        .replace("depots", "letter_depots")
        .replace("name: parcels", "name: letters")
    )
    assert len([item for item in loader.find() if item.use_case]) == 2
    assert not made_before.noted(dag_file, loader.find())


def test_what_was_made_counts_as_it_was_when_it_was_read(dag_file):
    found = loader.find()
    edit(dag_file.parents[1] / "roots" / "parcels" / "use_case.yaml")
    made_before.note(dag_file, found)
    assert not made_before.noted(dag_file, loader.find())


def test_other_code_makes_them_again(dag_file, monkeypatch):
    made_before.note(dag_file, loader.find())
    monkeypatch.setattr(made_before, "CODE", "a later release")
    assert not made_before.noted(dag_file, loader.find())


def test_a_note_that_is_written_already_is_left_alone(dag_file):
    made_before.note(dag_file, loader.find())
    (note,) = (dag_file.parents[1] / "home" / made_before.NOTES).iterdir()
    os.utime(note, (1, 1))
    made_before.note(dag_file, loader.find())
    assert note.stat().st_mtime == 1


def test_where_nothing_can_be_noted_nothing_fails_and_nothing_is_known(dag_file, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_HOME", str(dag_file))
    made_before.note(dag_file, loader.find())
    assert not made_before.noted(dag_file, loader.find())
