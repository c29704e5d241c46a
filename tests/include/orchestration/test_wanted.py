import gc
import shutil
from pathlib import Path

import pytest

from include.orchestration import apart, late_night, made_before, wanted
from lakehouse.declaration import loader

PARCELS = Path(__file__).resolve().parents[2] / "dags" / "use_cases" / "parcels"
CONTEXT = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"


@pytest.fixture(autouse=True)
def two(tmp_path, monkeypatch):
    """Two use cases are declared: parcels, and letters, whose sources are called after them."""
    for name, prefix in (("parcels", "parcel_"), ("letters", "letter_")):
        folder = tmp_path / name
        shutil.copytree(PARCELS, folder)
        text = (folder / "use_case.yaml").read_text()
        text = (
            text.replace("parcel_", prefix)
            .replace("depots", f"{prefix}depots")
            .replace("name: parcels", f"name: {name}")
        )
        (folder / "use_case.yaml").write_text(text)
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path))
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(CONTEXT, raising=False)
    return tmp_path


def names():
    return [use_case.name for use_case in wanted.use_cases(__file__)]


def noted():
    """Whether this file, as if it were a DAG file, is known to make all DAGs."""
    return made_before.noted(Path(__file__), loader.find())


def test_the_dags_of_all_use_cases_are_made():
    assert names() == ["letters", "parcels"]


def test_a_task_makes_those_of_its_own_use_case(monkeypatch):
    monkeypatch.setenv(CONTEXT, "score__letters")
    assert names() == ["letters"]


def sources():
    return [
        (source.name, owner.name, [one.name for one in readers]) for owner, source, readers in wanted.sources(__file__)
    ]


def test_the_dags_of_all_sources_are_made_and_a_task_makes_that_of_its_own(monkeypatch):
    found = {name: (owner, readers) for name, owner, readers in sources()}
    assert len(found) == 10
    assert found["parcel_plan"] == ("parcels", ["parcels"])
    assert found["letter_lorries"] == ("letters", [])
    monkeypatch.setenv(CONTEXT, "ingest__letter_plan")
    assert [name for name, _, _ in sources()] == ["letter_plan"]


def test_a_task_of_one_reads_no_other_declaration(two, monkeypatch):
    (two / "parcels" / "use_case.yaml").unlink()
    monkeypatch.setenv(CONTEXT, "score__letters")
    assert names() == ["letters"]


@pytest.mark.parametrize("dag_id", ["score__parcels", "score__gone", "ingest__gone"])
def test_a_task_whose_use_case_is_wrong_or_gone_makes_none(two, dag_id, monkeypatch):
    (two / "parcels" / "use_case.yaml").write_text("name: [")
    monkeypatch.setenv(CONTEXT, dag_id)
    assert (sources() if dag_id.startswith("ingest") else names()) == []


def test_it_is_noted_of_a_file_when_it_has_made_the_dags_of_all():
    for _ in wanted.use_cases(__file__):
        assert not noted()
    assert noted()


def test_it_is_not_noted_when_the_dag_of_one_could_not_be_made():
    for use_case in wanted.use_cases(__file__):
        with apart.made_for(use_case.name):
            if use_case.name == "letters":
                raise RuntimeError("no letters")
    assert not noted()


def test_it_is_not_noted_when_the_file_ended_before_the_last_one():
    with pytest.raises(RuntimeError, match="the file fails"):
        for _ in wanted.use_cases(__file__):
            raise RuntimeError("the file fails")
    assert not noted()


def test_nothing_is_collected_while_all_dags_are_made_and_afterwards_it_is_as_before():
    assert gc.isenabled()
    for _ in wanted.use_cases(__file__):
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(RuntimeError, match="the file fails"):
        for _ in wanted.use_cases(__file__):
            raise RuntimeError("the file fails")
    assert gc.isenabled()


def test_the_declarations_are_read_once_whatever_reads_each_source(monkeypatch):
    found, asked = loader.find, []
    monkeypatch.setattr(loader, "find", lambda: asked.append(1) or found())
    for owner, source, readers in wanted.sources(__file__):
        late_night.of_source(source, readers)
        assert owner in readers or not readers
    assert len(asked) == 1


def test_a_task_notes_nothing(monkeypatch):
    monkeypatch.setenv(CONTEXT, "score__letters")
    assert names() == ["letters"]
    assert not noted()
