import shutil
from pathlib import Path

import pytest

from include.orchestration import wanted

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
    monkeypatch.delenv(CONTEXT, raising=False)
    return tmp_path


def names():
    return [use_case.name for use_case in wanted.use_cases()]


def test_the_dags_of_all_use_cases_are_made():
    assert names() == ["letters", "parcels"]


@pytest.mark.parametrize("dag_id", ["score__letters", "ingest__letter_plan"])
def test_a_task_makes_those_of_its_own_use_case(dag_id, monkeypatch):
    monkeypatch.setenv(CONTEXT, dag_id)
    assert names() == ["letters"]


def test_a_task_of_one_reads_no_other_declaration(two, monkeypatch):
    (two / "parcels" / "use_case.yaml").unlink()
    monkeypatch.setenv(CONTEXT, "score__letters")
    assert names() == ["letters"]


@pytest.mark.parametrize("dag_id", ["score__parcels", "score__gone", "ingest__gone"])
def test_a_task_whose_use_case_is_wrong_or_gone_makes_none(two, dag_id, monkeypatch):
    (two / "parcels" / "use_case.yaml").write_text("name: [")
    monkeypatch.setenv(CONTEXT, dag_id)
    assert names() == []
