import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.definitions.param import process_params
from airflow.serialization.serialized_objects import DagSerialization

from include.orchestration import form, form_fields, rollback_form


def a_dag(**arguments):
    with DAG(dag_id="score__parcels", schedule=None, **arguments) as dag:
        BaseOperator(task_id="score")
    return dag


def shown(fields):
    with DAG(dag_id="score__parcels", schedule=None) as dag, form_fields.shown(fields):
        BaseOperator(task_id="score")
    return dag


def fields():
    return {**form.days("score"), **form.cascade(), **form.model_version()}


def test_the_form_is_the_one_that_an_argument_would_make():
    stored, expected = (
        DagSerialization.to_dict(dag)["dag"]["params"] for dag in (shown(fields()), a_dag(params=fields()))
    )
    assert stored == expected


@pytest.mark.parametrize("typed", [{}, {"partition": "2024-03-01", "cascade": False}])
def test_a_task_finds_what_was_typed_and_the_defaults(typed):
    seen = [
        process_params(dag, dag.get_task("score"), typed, suppress_exception=False)
        for dag in (shown(fields()), a_dag(params=fields()))
    ]
    assert seen[0] == seen[1] == {"partition": None, "through": None, "cascade": True, "model_version": None, **typed}


def test_every_default_fits_its_field():
    every = {**form.some_days("x"), **form.any_volume(), **form.champion(), **form.dry_run("x"), **form.force()}
    every |= {**form.cascade(), **form.model_version(), **form.reason()}
    for name, field in every.items():
        assert field.resolve() == field.value, name


def test_the_rollback_form_wants_a_reason_and_nothing_else():
    wanting = rollback_form.fields()
    with pytest.raises(ValueError):
        wanting.pop("reason").resolve()
    for name, field in wanting.items():
        assert field.resolve() == field.value, name
