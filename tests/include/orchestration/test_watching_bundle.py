import os

import pytest

from include.orchestration.watching_bundle import WatchingBundle

LONG_AGO = 1_000_000_000


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A folder with a DAG file, and one with a use case."""
    dag_file, use_case = tmp_path / "dags" / "score.py", tmp_path / "roots" / "parcels" / "use_case.yaml"
    for file in (dag_file, use_case):
        file.parent.mkdir(parents=True)
        file.write_text("first")
        os.utime(file, (LONG_AGO, LONG_AGO))
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    bundle = WatchingBundle(name="dags-folder", path=str(dag_file.parent))
    bundle.refresh()
    return bundle, dag_file, use_case


def is_marked(dag_file):
    """Whether the file looks written since it was asked last."""
    marked = dag_file.stat().st_mtime > LONG_AGO
    os.utime(dag_file, (LONG_AGO, LONG_AGO))
    return marked


def test_while_nothing_changes_no_dag_file_is_marked(places):
    bundle, dag_file, _ = places
    bundle.refresh()
    assert not is_marked(dag_file)


def test_an_edited_declaration_marks_the_dag_files_and_once_more_for_those_that_were_being_read(places):
    bundle, dag_file, use_case = places
    use_case.write_text("second")
    bundle.refresh()
    assert is_marked(dag_file)
    bundle.refresh()
    assert is_marked(dag_file)
    bundle.refresh()
    assert not is_marked(dag_file)
    assert dag_file.read_text() == "first"


def test_a_new_use_case_and_one_that_is_gone_mark_them_too(places):
    bundle, dag_file, use_case = places
    other = use_case.parent.parent / "letters" / "use_case.yaml"
    other.parent.mkdir()
    other.touch()
    bundle.refresh()
    assert is_marked(dag_file)
    other.unlink()
    bundle.refresh()
    assert is_marked(dag_file)


def test_a_shared_source_marks_them_too(places):
    bundle, dag_file, use_case = places
    source = use_case.parents[1] / "sources" / "letters" / "source.yaml"
    source.parent.mkdir(parents=True)
    source.touch()
    bundle.refresh()
    assert is_marked(dag_file)


def test_a_module_beside_a_declaration_counts_for_without_it_the_use_case_is_wrong(places):
    bundle, dag_file, use_case = places
    (use_case.parent / "features.py").touch()
    bundle.refresh()
    assert is_marked(dag_file)


def test_what_lies_in_a_folder_looks_older_than_the_other_files_for_airflow_parses_the_newest_first(places):
    bundle, dag_file, use_case = places
    check, other = dag_file.parent / "checks" / "declarations.py", dag_file.parent / "a.py"
    check.parent.mkdir()
    for file in (check, other):
        file.touch()
    use_case.write_text("second")
    bundle.refresh()
    assert LONG_AGO < check.stat().st_mtime < min(dag_file.stat().st_mtime, other.stat().st_mtime)


def test_dag_files_that_can_not_be_marked_stop_nothing(places, monkeypatch):
    bundle, _, use_case = places

    def refuse(file, ns):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refuse)
    use_case.unlink()
    bundle.refresh()
