import pytest
from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator
from airflow.sdk import DAG

from include.orchestration import decision


@decision.made_by(BranchPythonOperator, task_id="left_or_right", trigger_rule="all_done")
def choose(result, side):
    """Go left or right."""
    return side if result else "nowhere"


@decision.made_by(PythonOperator)
def log_result(result):
    """Log it."""


@pytest.fixture
def dag():
    with DAG(dag_id="walk", schedule=None) as dag:
        yield dag


def test_a_function_becomes_a_task_that_calls_it_with_what_it_was_given(dag):
    task = choose(True, "left")
    assert dag.task_ids == ["left_or_right"]
    assert (type(task), task.trigger_rule, task.doc_md) == (BranchPythonOperator, "all_done", "Go left or right.")
    assert task.python_callable(*task.op_args) == "left"


def test_it_is_called_as_the_function_is_unless_it_is_given_a_name(dag):
    log_result(1)
    log_result(1, task_id="again")
    assert dag.task_ids == ["log_result", "again"]


def test_it_comes_after_the_task_whose_output_it_was_given(dag):
    first = log_result(1, task_id="first")
    assert choose(first.output, "left").upstream_task_ids == {"first"}
