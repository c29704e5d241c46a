"""The DAGs of feature groups: a version has one, and what takes it waits for its day."""

import pytest

from tests.use_cases import grouped_bakery


@pytest.fixture(scope="module")
def parsed(parse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("groups")
    roots = grouped_bakery.declare(folder / "roots", publish={"to": "sql", "connection": "shop", "table": "breads"})
    grouped_bakery.write_group(roots, version=2)
    return parse(folder / "airflow", roots)


def test_each_version_has_a_dag_that_starts_when_its_inputs_have_come(parsed):
    assert parsed["errors"] == {}
    assert parsed["heavy"] == []
    groups = {dag_id: dag for dag_id, dag in parsed["dags"].items() if dag_id.startswith("group__")}
    assert sorted(groups) == ["group__bread_record_v1", "group__bread_record_v2"]
    assert [dag["shifts"] for dag in groups.values()] == [{"silver.bakery_sales_counted": [7, "Europe/Paris"]}] * 2
    assert groups["group__bread_record_v1"]["edges"] == [
        "build_group>publish",
        "inputs_arrived>build_group",
        "publish>compare",
    ]
    assert groups["group__bread_record_v2"]["edges"] == ["inputs_arrived>build_group"]
    for version in (1, 2):
        dag = groups[f"group__bread_record_v{version}"]
        assert dag["tasks"]["build_group"]["outlets"] == [f"gold.bread_record_v{version}"]
        assert "Rerunning" in dag["doc"] and {"nightjar", "group"} <= set(dag["tags"])
        assert dag["params"] == ["cascade", "partition", "through"]
        assert all(task["callback"] and task["timeout"] for task in dag["tasks"].values())
    assert "table breads of shop" in groups["group__bread_record_v1"]["doc"]


def test_the_features_of_a_use_case_wait_for_its_sources_and_the_day_of_its_groups(parsed):
    for use_case in ("bakery_sales", "cake_sales"):
        assert parsed["dags"][f"features__{use_case}"]["shifts"] == {
            "silver.bakery_plan": [0, "Europe/Paris"],
            "silver.bakery_sales_counted": [7, "Europe/Paris"],
            "gold.bread_record_v1": [0, "Europe/Paris"],
        }
        assert "feature group `bread_record_v1` of D" in parsed["dags"][f"features__{use_case}"]["doc"]


def test_a_restatement_publishes_what_it_has_built_again(parsed):
    assert parsed["dags"]["restate__cake_sales"]["edges"] == [
        "plan>unless_dry_run",
        "restate>publish_bread_record_v1",
        "unless_dry_run>restate",
    ]
