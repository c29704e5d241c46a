"""What a run that is asked for by another one is told."""

import json

from airflow.sdk.definitions._internal.templater import SandboxedEnvironment

from include.orchestration import form, rollback_form, verdicts


class Measured:
    """A task that finds the result of `measure`."""

    def __init__(self, **rollback):
        self.rollback = rollback

    def xcom_pull(self, task_ids):
        assert task_ids == "measure"
        return {"rollback": self.rollback}


def rendered(template, ti):
    return SandboxedEnvironment().from_string(template).render(ti=ti)


def test_a_rollback_that_monitoring_asks_for_is_a_form_filled_in_with_numbers_as_numbers():
    asked = {"from_version": 2, "to_version": 1, "rescore": True, "reason": 'it\'s <5 % & "bad" {{ 1 + 1 }}'}
    filled = json.loads(rendered(verdicts.ROLLBACK, Measured(**asked)))
    assert filled == asked
    fields = rollback_form.fields()
    assert set(filled) < set(fields)
    for name, value in filled.items():
        assert fields[name].resolve(value) == value


def test_the_nights_that_ask_for_the_same_rollback_name_the_same_run():
    run = rendered(verdicts.ROLLBACK_RUN, Measured(from_version=2, to_version=1, reason="other numbers"))
    assert run == "rollback__2_to_1"


def test_the_run_of_a_retraining_says_why_no_longer_than_its_form_allows():
    measured = {"retrain_reasons": ["28 days since the training"], "retrain_because": ["x" * 40] * 20}

    class Ti:
        def xcom_pull(self, task_ids):
            assert task_ids == "measure"
            return measured

    said = rendered(verdicts.REASONS, Ti())
    assert said.startswith("28 days since the training; xxx") and len(said) == form.ONE_LINE["maxLength"]
