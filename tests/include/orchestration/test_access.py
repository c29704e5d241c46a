"""The declaration of the roles, by itself; what Airflow makes of it is in tests/roles."""

import pytest

from include.orchestration import access

WRITES = {"can_create", "can_edit", "can_delete"}
STAGES = sorted(access.NIGHTLY | access.DECISIONS | {"some_later_stage"})


@pytest.mark.parametrize("role", [access.VIEWER, access.AUDITOR])
def test_a_reader_has_no_right_to_change_anything(role):
    # But one's own password and profile.
    assert {thing for action, thing in access.of_role(role) if action in WRITES} <= {"My Password", "My Profile"}
    for stage in STAGES:
        assert access.of_dag(stage).get(role, {"DAGs": {"can_read"}}) == {"DAGs": {"can_read"}}


@pytest.mark.parametrize("stage", STAGES)
def test_a_dag_is_started_only_by_who_may_also_clear_it_and_both_by_who_sees_it(stage):
    for granted in access.of_dag(stage).values():
        assert granted["DAGs"] >= {"can_read"}
        assert "can_edit" in granted["DAGs"] or "DAG Runs" not in granted
        assert "can_delete" not in granted["DAGs"]


def test_a_decision_is_started_by_approvers_and_the_night_by_operators():
    for stage in access.DECISIONS:
        assert [role for role, granted in access.of_dag(stage).items() if "DAG Runs" in granted] == [access.APPROVER]
    for stage in access.NIGHTLY:
        assert [role for role, granted in access.of_dag(stage).items() if "DAG Runs" in granted] == [access.OPERATOR]


def test_a_stage_that_no_family_names_is_for_admin_alone():
    assert set(access.of_dag("some_later_stage")) == set(access.ROLES)
    assert all(granted == {"DAGs": {"can_read"}} for granted in access.of_dag("some_later_stage").values())


@pytest.mark.parametrize("role", access.ROLES)
def test_no_role_writes_what_a_decision_is_made_from(role):
    written = {thing for action, thing in access.of_role(role) if action in WRITES}
    assert not written & {"XComs", "Variables", "Connections", "Pools", "Assets", "Users", "Roles", "DAGs"}
