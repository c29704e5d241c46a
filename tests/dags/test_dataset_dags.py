"""The DAGs of datasets: documents, answers, versions and publication follow one another; erasure and restatement are by hand."""

import pytest

from tests.jobs import notes

SERVICE = {
    "by": "service",
    "url": "http://127.0.0.1:1/v1",
    "model": "m",
    "prompt": "prompt.md",
    "connection": "the_teacher",
}
BUDGET = {"money": 2.5, "currency": "EUR", "cost_per_million_tokens": {"input": 1, "output": 1}}


def of_dataset(parse, tmp_path_factory, **sections):
    folder = tmp_path_factory.mktemp("datasets")
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setenv("NIGHTJAR_HOME", str(folder / "state"))
        notes.declare(folder / "roots", patched, **sections)
    return parse(folder / "airflow", folder / "roots")


@pytest.fixture(scope="module")
def parsed(parse, tmp_path_factory):
    return of_dataset(parse, tmp_path_factory)


@pytest.fixture(scope="module")
def paid(parse, tmp_path_factory):
    return of_dataset(
        parse,
        tmp_path_factory,
        files={"prompt.md": "Sum it up.\n{{ document }}"},
        teacher=SERVICE,
        grade=SERVICE,
        budget=BUDGET,
        filter={"grade": {"least": 0.5}},
        gate={"approval": {"hours": 3}},
        publish={"when": "assembled"},
    )


def test_a_dataset_has_a_dag_for_each_stage_and_its_source_one_for_erasures(parsed):
    assert parsed["errors"] == {} and parsed["heavy"] == []
    stages = ("assemble", "documents", "release", "restate", "teach")
    dags = {f"{stage}__{notes.NAME}" for stage in stages} | {f"erase__{notes.SOURCE}", f"ingest__{notes.SOURCE}"}
    assert dags <= set(parsed["dags"])
    for dag_id in dags:
        dag = parsed["dags"][dag_id]
        assert "Rerunning" in dag["doc"] and "nightjar" in dag["tags"], dag_id
        assert all(task["callback"] and task["timeout"] for task in dag["tasks"].values()), dag_id
    assert notes.NAME in parsed["dags"][f"ingest__{notes.SOURCE}"]["doc"]


def test_a_dataset_may_read_a_source_that_comes_every_day(parse, tmp_path_factory):
    parsed = of_dataset(parse, tmp_path_factory, of_source={"cadence": "daily"})
    assert parsed["errors"] == {}
    assert parsed["dags"][f"ingest__{notes.SOURCE}"]["deadlines"] == []


def test_each_stage_starts_by_the_table_of_the_one_before(parsed):
    dags = parsed["dags"]
    outlets = {
        f"documents__{notes.NAME}": ("documents", f"gold.{notes.NAME}_documents"),
        f"teach__{notes.NAME}": ("check", f"gold.{notes.NAME}_summaries"),
        f"assemble__{notes.NAME}": ("assemble", f"gold.{notes.NAME}_examples"),
    }
    for dag_id, (task, table) in outlets.items():
        assert dags[dag_id]["tasks"][task]["outlets"] == [table]
        assert dags[dag_id]["schedule"] == "PartitionedAssetTimetable"
    for dag_id in (f"release__{notes.NAME}", f"restate__{notes.NAME}", f"erase__{notes.SOURCE}"):
        assert dags[dag_id]["schedule"] == "NullTimetable"
    assert dags[f"documents__{notes.NAME}"]["edges"] == ["documents>explore"]
    assert dags[f"teach__{notes.NAME}"]["edges"] == ["teach>check"]
    assert dags[f"restate__{notes.NAME}"]["edges"] == ["plan>unless_dry_run", "unless_dry_run>restate"]


def test_an_erasure_is_found_approved_by_a_person_and_then_made(parsed):
    dag = parsed["dags"][f"erase__{notes.SOURCE}"]
    assert dag["edges"] == [
        "approval>if_approved",
        "erase>trainings",
        "find>if_meant",
        "if_approved>erase",
        "if_meant>approval",
        "trainings>request_retraining",
    ]
    assert dag["tasks"]["approval"]["asks"]["hours"] == 72


def test_calls_are_made_by_one_run_at_a_time(parsed):
    assert parsed["dags"][f"teach__{notes.NAME}"]["max_active_runs"] == 1


def test_marks_come_before_answers_and_a_person_after_the_gate_where_that_is_declared(paid):
    assert paid["errors"] == {}
    assert paid["dags"][f"teach__{notes.NAME}"]["edges"] == ["filter_again>teach", "grade>filter_again", "teach>check"]
    assert "2.5 EUR" in paid["dags"][f"teach__{notes.NAME}"]["doc"]
    release = paid["dags"][f"release__{notes.NAME}"]
    assert release["edges"] == ["approval>answer", "if_waiting>approval", "release>if_waiting"]
    assert release["tasks"]["approval"]["asks"]["hours"] == 3
    assert release["schedule"] == "PartitionedAssetTimetable"


def test_the_forms_ask_for_what_a_run_by_hand_needs(parsed):
    params = {dag_id: dag["params"] for dag_id, dag in parsed["dags"].items()}
    assert params[f"teach__{notes.NAME}"] == ["again", "dry_run", "partition"]
    assert params[f"release__{notes.NAME}"] == ["dry_run", "reason", "version"]
    assert params[f"erase__{notes.SOURCE}"] == ["despite_hold", "dry_run", "reason", "secret_key"]
