import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARCEL_SOURCES = ("depots", "parcel_lorries", "parcel_outcomes", "parcel_plan", "parcel_scans")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def parsed(parse, home):
    return parse(home, ROOT / "tests" / "dags" / "use_cases")


@pytest.fixture(scope="module")
def dags(parsed):
    return parsed["dags"]


def test_every_declared_source_and_use_case_has_its_dags(parsed):
    assert parsed["errors"] == {}
    assert sorted(parsed["dags"]) == [
        "alert__lakehouse",
        "erase__depots",
        "erase__parcel_lorries",
        "erase__parcel_outcomes",
        "erase__parcel_plan",
        "erase__parcel_scans",
        "features__parcels",
        "ingest__depots",
        "ingest__parcel_lorries",
        "ingest__parcel_outcomes",
        "ingest__parcel_plan",
        "ingest__parcel_scans",
        "maintain__lakehouse",
        "monitor__parcels",
        "restate__parcels",
        "retire__parcels",
        "rollback__parcels",
        "score__parcels",
        "train__parcels",
    ]


def test_parsing_brings_no_engine_and_is_quick(parsed):
    assert parsed["heavy"] == []
    assert parsed["seconds"] < 15


def test_the_dags_are_made_once_for_the_check_of_declarations_reads_what_their_files_have_noted(parsed, home):
    of_use_cases = {file.stem for file in (ROOT / "dags").glob("*.py")} - {"alert", "maintain"}
    assert {note.name for note in (home / "made_dags").iterdir()} == of_use_cases
    # The DAGs of no use case are made again.
    assert sorted(parsed["made"]) == sorted([*parsed["dags"], "alert__lakehouse", "maintain__lakehouse"])


def test_every_dag_is_documented_and_tagged(dags):
    for dag_id, dag in dags.items():
        assert "Rerunning" in dag["doc"], dag_id
        assert {"nightjar", dag_id.partition("__")[0]} <= set(dag["tags"]), dag_id


def test_every_task_has_an_owner_retries_with_backoff_a_timeout_and_an_alert(dags):
    for dag_id, dag in dags.items():
        for task_id, task in dag["tasks"].items():
            owner = "nightjar" if dag_id.endswith("__lakehouse") else "parcel-team"
            assert (task["owner"], task["retries"], task["backoff"]) == (owner, 3, 2), (dag_id, task_id)
            assert task["timeout"] and task["callback"], (dag_id, task_id)


def test_each_stage_updates_the_asset_that_the_next_waits_for(dags):
    assert dags["ingest__parcel_plan"]["tasks"]["ingest"]["outlets"] == ["silver.parcel_plan"]
    assert dags["features__parcels"]["tasks"]["build_features"]["outlets"] == ["gold.parcels_features"]
    assert dags["score__parcels"]["tasks"]["score"]["outlets"] == ["gold.parcels_scores"]


def test_features_wait_for_the_last_day_that_they_read_and_not_for_reference_data(dags):
    assert dags["features__parcels"]["shifts"] == {
        "silver.parcel_plan": [0, "Europe/Oslo"],
        "silver.parcel_outcomes": [1, "Europe/Oslo"],
    }


def test_the_schedules_are_those_of_partitions(dags):
    schedules = {dag_id: dag["schedule"] for dag_id, dag in dags.items()}
    assert schedules == {
        "alert__lakehouse": "CronTriggerTimetable",
        "erase__depots": "NullTimetable",
        "erase__parcel_lorries": "NullTimetable",
        "erase__parcel_outcomes": "NullTimetable",
        "erase__parcel_plan": "NullTimetable",
        "erase__parcel_scans": "NullTimetable",
        "features__parcels": "PartitionedAssetTimetable",
        "ingest__depots": "NightlyTimetable",
        "ingest__parcel_lorries": "NightlyTimetable",
        "ingest__parcel_outcomes": "NightlyTimetable",
        "ingest__parcel_plan": "NightlyTimetable",
        "ingest__parcel_scans": "NightlyTimetable",
        "maintain__lakehouse": "CronTriggerTimetable",
        "monitor__parcels": "PartitionedAssetTimetable",
        "restate__parcels": "NullTimetable",
        "retire__parcels": "CronTriggerTimetable",
        "rollback__parcels": "NullTimetable",
        "score__parcels": "PartitionedAssetTimetable",
        "train__parcels": "NullTimetable",
    }


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("depots", "**From MongoDB.** With a connection `mongo_default`"),
        ("parcel_lorries", "**From a database.** With a connection `fleet`, `extract` first lands what changed"),
        ("parcel_scans", "**From Kafka.** With a connection `scanners`, `extract` first lands the messages of `scans`"),
    ],
)
def test_a_source_elsewhere_is_extracted_first_and_ingested_also_when_that_is_skipped(dags, source, told):
    dag = dags[f"ingest__{source}"]
    assert dag["edges"] == ["extract>ingest"]
    assert dag["tasks"]["ingest"]["trigger_rule"] == "none_failed"
    assert told in dag["doc"]


def test_only_a_topic_is_asked_whether_it_may_have_a_gap(dags):
    asking = {dag_id for dag_id, dag in dags.items() if "any_gap" in dag["params"]}
    assert asking == {"ingest__parcel_scans"}


def test_a_source_of_files_alone_is_not_extracted(dags):
    assert list(dags["ingest__parcel_plan"]["tasks"]) == ["ingest"]


def test_the_graphs_show_the_decisions(dags):
    assert dags["monitor__parcels"]["edges"] == [
        "measure>report",
        "measure>retrain_or_not",
        "retrain_or_not>all_quiet",
        "retrain_or_not>request_retraining",
    ]
    assert {"train>gate", "gate>verdict", "verdict>promoted", "verdict>held"} <= set(dags["train__parcels"]["edges"])


def test_a_rollback_is_one_task_with_a_form_and_one_at_a_time(dags):
    assert list(dags["rollback__parcels"]["tasks"]) == ["roll_back"]
    assert dags["rollback__parcels"]["params"] == ["dry_run", "from_version", "reason", "rescore", "to_version"]
    assert dags["rollback__parcels"]["max_active_runs"] == 1


def test_one_training_at_a_time_and_forms_for_runs_by_hand(dags):
    assert dags["train__parcels"]["max_active_runs"] == 1
    assert dags["score__parcels"]["params"] == ["cascade", "model_version", "partition", "through"]
    assert dags["monitor__parcels"]["params"] == ["partition", "through"]


def test_no_night_of_a_source_overtakes_the_one_before(dags):
    assert {
        dags[f"ingest__{source}"]["max_active_runs"] for source in ("parcel_plan", "parcel_outcomes", "depots")
    } == {1}
    assert "missed nights are caught up: the newest 7 at most, the oldest first" in dags["ingest__parcel_plan"]["doc"]


def test_a_restatement_shows_its_plan_first(dags):
    assert dags["restate__parcels"]["edges"] == ["plan>unless_dry_run", "unless_dry_run>restate"]
    assert dags["restate__parcels"]["params"] == ["champion", "dry_run", "partition", "through"]


DECLARED = """
rollout: {former_nights: 7, rollback_margin: 0.01}
deliver:
  - {name: desk, sql: {connection: desk, table: late_parcels}, only_decided: true}
  - {name: archive, files: {folder: out/parcels, format: parquet}}
alerts: {late_after: "06:30"}
fallback: [{base_rate: true}]
fallback_at: "06:45"
"""


@pytest.fixture(scope="module")
def others(parse, tmp_path_factory):
    """Parcels, the same with a mistake in it, and the same with all that may be declared: an approval, deliveries, a rollback."""
    roots = tmp_path_factory.mktemp("roots") / "use_cases"
    for name in ("parcels", "broken", "asked"):
        shutil.copytree(ROOT / "tests" / "dags" / "use_cases" / "parcels", roots / name)
    change(roots / "broken", ("name: parcels", "name: broken"), ("at_least", "atleast"))
    approval = "min_improvement: 0.001, approval: {hours: 2}"
    renamed = ("parcel_", "asked_"), ("depots", "asked_depots"), ("name: parcels", "name: asked")
    change(roots / "asked", *renamed, ("min_improvement: 0.001", approval))
    with (roots / "asked" / "use_case.yaml").open("a") as declaration:
        declaration.write(DECLARED)
    return roots, parse(tmp_path_factory.mktemp("airflow"), roots)


def change(folder, *words):
    text = (folder / "use_case.yaml").read_text()
    for old, new in words:
        text = text.replace(old, new)
    (folder / "use_case.yaml").write_text(text)


def test_a_person_is_asked_between_judging_and_promotion_where_it_is_declared(others):
    train = others[1]["dags"]["train__asked"]
    assert {
        "train>gate",
        "gate>ask_or_not",
        "ask_or_not>approval",
        "ask_or_not>last",
        "approval>answer",
        "answer>last",
        "last>verdict",
        "verdict>promoted",
        "verdict>held",
    } <= set(train["edges"])
    assert train["tasks"]["last"]["trigger_rule"] == "none_failed_min_one_success"
    assert train["tasks"]["approval"]["asks"] == {"options": ["Approve", "Reject"], "defaults": ["Reject"], "hours": 2}
    assert "approval" not in others[1]["dags"]["train__parcels"]["tasks"]
    assert "Without an answer in 2 hours" in train["doc"]


def test_the_graph_shows_whether_the_platform_rolls_back_by_itself_where_that_is_declared(others):
    edges = {"measure>roll_back_or_not", "roll_back_or_not>champion_stays", "roll_back_or_not>request_rollback"}
    assert edges <= set(others[1]["dags"]["monitor__asked"]["edges"])
    assert not edges & set(others[1]["dags"]["monitor__parcels"]["edges"])


def test_a_wrong_declaration_is_shown_and_takes_no_other_use_case_down(others):
    roots, parsed = others
    declaration = roots / "broken" / "use_case.yaml"
    assert {"features__parcels", "score__parcels"} <= set(parsed["dags"])
    assert not any("broken" in dag_id for dag_id in parsed["dags"])
    ((file, error),) = parsed["errors"].items()
    assert file.endswith("declarations.py")
    assert str(declaration) in error
    assert "label.atleast: is not a field that is known here" in error


def test_a_day_is_delivered_when_it_was_scored_to_each_target_by_itself(others):
    deliver = others[1]["dags"]["deliver__asked"]
    assert sorted(deliver["tasks"]) == ["deliver_to_archive", "deliver_to_desk"]
    assert deliver["edges"] == []
    assert deliver["schedule"] == others[1]["dags"]["monitor__asked"]["schedule"] == "PartitionedAssetTimetable"
    assert deliver["params"] == ["force", "partition", "through"]
    assert "`desk`: table late_parcels of desk, rows: those that decide, of them those decided yes" in deliver["doc"]
    assert "deliver__parcels" not in others[1]["dags"]


def test_the_runs_of_a_night_have_the_declared_hour_and_no_others(others, dags):
    asked = {dag_id: dag["deadlines"] for dag_id, dag in others[1]["dags"].items() if dag["deadlines"]}
    by = "asked by 06:30"
    assert asked == {
        "features__asked": [[by, "06:30", 0]],
        "ingest__asked_outcomes": [[by, "06:30", 1]],
        "ingest__asked_plan": [[by, "06:30", 0]],
        "score__asked": [[by, "06:30", 0]],
    }
    assert not any(dag["deadlines"] for dag in dags.values())


def test_fallbacks_have_a_run_of_their_own_at_the_declared_hour(others):
    fallback = others[1]["dags"]["fallback__asked"]
    assert fallback["schedule"] == "NightlyTimetable" and fallback["edges"] == []
    assert fallback["tasks"]["score_what_is_late"]["tells"]
    assert fallback["params"] == ["cascade", "partition", "through"]
    assert "Every day at 06:45" in fallback["doc"]
    assert "fallback__parcels" not in others[1]["dags"]


def test_the_tasks_that_may_make_news_tell_them_when_they_end(dags):
    telling = {
        f"{dag_id}.{name}" for dag_id, dag in dags.items() for name, task in dag["tasks"].items() if task["tells"]
    }
    assert telling == {
        *(f"ingest__{source}.ingest" for source in PARCEL_SOURCES),
        *("monitor__parcels.measure", "rollback__parcels.roll_back"),
        *("score__parcels.score", "train__parcels.gate"),
    }


def test_what_was_scored_again_replaces_what_was_delivered(others):
    assert "restate>deliver_corrections" in others[1]["dags"]["restate__asked"]["edges"]
    assert others[1]["dags"]["rollback__asked"]["edges"] == ["roll_back>deliver_corrections"]


def test_a_dag_that_can_not_be_made_is_shown_and_takes_no_other_use_case_down(parse, tmp_path):
    roots = tmp_path / "use_cases"
    for name in ("parcels", "letters"):
        shutil.copytree(ROOT / "tests" / "dags" / "use_cases" / "parcels", roots / name)
    change(roots / "letters", ("parcel_", "letter_"), ("depots", "letter_depots"), ("name: parcels", "name: letters"))
    # Whatever the reason may be: their assets can't be made.
    (tmp_path / "breaking.py").write_text(BREAKS_LETTERS)
    parsed = parse(tmp_path / "airflow", roots, tmp_path / "breaking.py")
    made = set(parsed["dags"])
    assert {"score__parcels", "features__parcels", "ingest__parcel_plan", "retire__letters"} <= made
    # Neither whole nor in part.
    assert not {"features__letters", "score__letters", "ingest__letter_plan"} & made
    ((file, error),) = parsed["errors"].items()
    assert file.endswith("declarations.py")
    assert "features.py: letters: RuntimeError: no letters" in error
    noted = {note.name for note in (tmp_path / "airflow" / "made_dags").iterdir()}
    assert "retire" in noted and not {"features", "score", "ingest"} & noted
    assert "ingest.py: letter_plan: RuntimeError: no letters" in error


BREAKS_LETTERS = """
from include.orchestration import assets
made = assets.silver, assets.features
def refuse(make):
    def made(declared):
        if "letter" in declared.name:
            raise RuntimeError("no letters")
        return make(declared)
    return made
assets.silver, assets.features = map(refuse, made)
"""
