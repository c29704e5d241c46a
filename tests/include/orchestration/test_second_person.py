"""Who triggered a run does not approve it, where that is declared."""

import datetime as dt
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.orchestration import approval
from include.orchestration.second_person import APPROVE, REJECT, PersonOperator, SecondPersonOperator
from lakehouse.declaration import Approval

NOW = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)


def answer(triggered_by, answered_by, option=APPROVE):
    operator = SecondPersonOperator(task_id="approval", subject="?", options=[APPROVE, REJECT], defaults=REJECT)
    by = None if answered_by is None else {"id": "1", "name": answered_by}
    event = {"chosen_options": [option], "params_input": {}, "responded_at": NOW, "responded_by_user": by}
    return operator.execute_complete({"dag_run": SimpleNamespace(triggering_user_name=triggered_by)}, event)


def test_another_person_approves():
    assert answer("ada", "bob")["chosen_options"] == [APPROVE]


def test_the_same_person_does_not_and_is_told_what_to_do():
    with pytest.raises(AirflowFailException, match=r"another person than ada.*clear this task, and have somebody else"):
        answer("ada", "ada")


def test_the_same_person_may_reject():
    assert answer("ada", "ada", REJECT)["chosen_options"] == [REJECT]


@pytest.mark.parametrize(("triggered", "answered"), [(None, "ada"), ("ada", None), (None, None)])
def test_a_run_that_nobody_triggered_and_an_answer_that_nobody_gave_are_as_ever(triggered, answered):
    assert answer(triggered, answered, APPROVE if answered else REJECT)["responded_by_user"] == (
        {"id": "1", "name": "ada"} if answered else None
    )


@pytest.mark.parametrize(("declared", "kind"), [({}, PersonOperator), ({"two_people": True}, SecondPersonOperator)])
def test_the_declaration_chooses(declared, kind):
    assert approval.operator(Approval(**declared).two_people) is kind


def test_a_declaration_as_ever_has_the_digest_that_it_had():
    assert Approval(hours=2).model_dump() == {"hours": 2}
