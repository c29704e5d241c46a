import pytest

from include.orchestration import made_before


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of DAG files, beside a use case."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "score.py").write_text("first")
    (tmp_path / "roots" / "parcels").mkdir(parents=True)
    (tmp_path / "roots" / "parcels" / "use_case.yaml").write_text("first")
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "roots"))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    return tmp_path / "dags"


def test_what_was_noted_is_known_until_something_changes(folder):
    digest = made_before.digest(folder)
    assert not made_before.noted(digest)
    made_before.note(digest)
    assert made_before.noted(made_before.digest(folder))


@pytest.mark.parametrize(
    "changed", ["dags/score.py", "dags/new.py", "roots/parcels/use_case.yaml", "roots/parcels/f.py"]
)
def test_a_change_of_any_file_that_a_dag_is_made_from_is_seen(folder, changed):
    made_before.note(made_before.digest(folder))
    (folder.parent / changed).write_text("second")
    assert not made_before.noted(made_before.digest(folder))


def test_where_nothing_can_be_noted_nothing_fails_and_nothing_is_known(folder, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_HOME", str(folder / "score.py"))
    digest = made_before.digest(folder)
    made_before.note(digest)
    assert not made_before.noted(digest)
