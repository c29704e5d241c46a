"""Each call with each role, against Airflow's own API server: what is refused there is refused."""

import json

import pytest

from include.orchestration import access
from lakehouse.settings import PROJECT_ROOT
from tests.roles import calls

pytestmark = pytest.mark.process

CALLS = calls.all_calls()
REFUSED = {401, 403}
# Writing by its method alone: questions with a long form, and one's own stars.
QUESTIONS = ("/list", "/favorite", "/unfavorite", "/auth/token", "/dry_run")


def test_every_dag_is_made_with_its_rights(answered):
    assert answered["errors"] == {}
    assert {*calls.NIGHTLY, *calls.DECISIONS} <= set(answered["dags"])


def test_every_stage_belongs_to_a_family():
    files = {file.stem for file in (PROJECT_ROOT / "dags").glob("*.py")} - {"restate_dataset"}
    assert files == access.NIGHTLY | access.DECISIONS


def told(answered, what):
    """The answers to a call, by user."""
    pairs = zip(CALLS, answered["answers"], strict=True)
    return {call.user: (call, *answer) for call, answer in pairs if call.what == what}


@pytest.mark.parametrize("what", dict.fromkeys(call.what for call in CALLS))
def test_a_call_is_answered_for_those_who_may(answered, what):
    said = told(answered, what)
    assert set(said) == set(calls.USERS)
    passed = {user for user, (_, status, _) in said.items() if status not in REFUSED}
    assert passed == next(iter(said.values()))[0].allowed
    assert all(status < 500 for _, status, _ in said.values()), said


@pytest.mark.parametrize(
    "what",
    [
        *(f"starts {dag}" for dag in (*calls.NIGHTLY, *calls.DECISIONS)),
        *(f"clears {dag}" for dag in (*calls.ONE_NIGHTLY, *calls.DECISIONS)),
        *(f"answers {dag}" for dag in calls.APPROVED),
        *(f"marks the approval of {dag} at once" for dag in calls.APPROVED),
        "backfills the night",
        "says that examples came",
        "makes many pools",
    ],
)
def test_who_may_also_gets_it_done(answered, what):
    done = {user: (status, text) for user, (call, status, text) in told(answered, what).items() if call.may}
    # Of two backfills of one DAG the second waits for the first.
    assert all(200 <= status < 300 or "running backfill" in text for status, text in done.values()), done


@pytest.mark.parametrize("dag", calls.APPROVED)
def test_the_record_of_an_answer_names_who_was_logged_in(answered, dag):
    said = told(answered, f"answers {dag}")
    assert {json.loads(said[user][2])["responded_by"]["name"] for user in ("approver", "admin")} == {
        "approver",
        "admin",
    }


@pytest.mark.parametrize("dag", ["score__parcels", calls.ROLLBACK])
def test_the_record_of_a_run_names_who_was_logged_in(answered, dag):
    said = told(answered, f"starts {dag}").items()
    assert all(json.loads(text)["triggering_user_name"] == user for user, (call, _, text) in said if call.may)


def test_who_may_not_see_a_dag_does_not_see_it_in_a_list(answered):
    said = told(answered, "lists DAGs").items()
    seen = {user: calls.ERASE in text for user, (call, _, text) in said if call.may}
    assert seen == {"viewer": False, "operator": False, "approver": True, "auditor": True, "admin": True}


def test_no_answer_shows_a_password(answered):
    assert not any("planted-password" in text for _, text in answered["answers"])


def test_no_route_answers_who_is_not_logged_in(answered):
    open_to_all = {path for _, path, status in answered["routes"]["nobody"] if status not in REFUSED}
    # Health and version are for probes; the others lead to the login, or end one.
    assert open_to_all <= {
        *("/api/v2/monitor/health", "/api/v2/version", "/api/v2/auth/login", "/api/v2/auth/logout"),
        *("/ui/auth/token",),
    }


def test_who_only_reads_is_refused_by_every_route_that_writes(answered):
    let_in = {
        (method, path)
        for method, path, status in answered["routes"]["auditor"]
        if method != "GET" and status < 400 and not path.endswith(QUESTIONS)
    }
    assert let_in == set()
    assert len([one for one in answered["routes"]["auditor"] if one[0] != "GET"]) > 50


def test_roles_that_somebody_changed_are_made_again_what_is_declared_and_then_left_alone(answered):
    first, second = answered["made_again"]
    assert first[0].startswith("viewer: ") and first[0] != second[0]
    assert second == [f"{role}: 0 rights given, 0 taken" for role in access.ROLES]


def test_the_first_user_is_made_once_and_gets_another_password_when_it_is_another(answered):
    assert answered["said"] == [
        "user root: made, with the role Admin",
        "user root: unchanged",
        "user root: has a new password",
    ]


def test_a_user_with_a_role_of_airflows_own_that_goes_round_the_approvals_is_told(answered):
    (line,) = answered["warned"]
    assert line.startswith("user wide has Airflow's role Op, which answers approvals")
