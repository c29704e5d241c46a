"""What people type into a form: refused there, or a plain value on the job's command line, whatever it is."""

import jinja2
import pytest
from airflow.sdk import Param
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowFailException
from hypothesis import given
from hypothesis import strategies as st

from include.orchestration import form, form_values, partition_key
from include.orchestration.extract import ExtractOperator
from include.orchestration.job import JobOperator
from jobs.command_line import parse
from jobs.score.arguments import ScoreArguments
from lakehouse.errors import BadArguments

HOSTILE = [
    "2024-03-01'; DROP TABLE gold.parcels_scores; --",
    "../../etc/passwd",
    "2024-03-01/../../x",
    "2024-03-01\n2024-03-02",
    " 2024-03-01",
    "2024-3-1",
    "2024-W09-5",
    "٢٠٢٤-03-01",
    "{{ 7 * 7 }}",
    "{{ conn.get('mongo_default').password }}",
    "--force",
    "2" * 100_000,
    "9999-99-99",
]


def fields():
    every = {**form.some_days("score"), **form.model_version(), **form.champion(), **form.reason(), **form.cascade()}
    return {**every, **form.any_volume(), **form.dry_run("a log says what")}


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("name", ["partition", "through", "model_version", "champion", "cascade", "dry_run"])
def test_a_form_refuses_what_is_no_day_number_or_choice(name, typed):
    with pytest.raises(ValueError):
        fields()[name].resolve(typed)


@pytest.mark.parametrize("typed", ["two\nlines", "bell\a", "x" * 501])
def test_a_reason_is_one_line_of_text(typed):
    with pytest.raises(ValueError):
        fields()["reason"].resolve(typed)


def test_a_reason_may_have_any_other_character():
    assert fields()["reason"].resolve('It\'s Ümläut; "quoted" -- {{ x }}')


def rendered(**given):
    """The job's command line for what the form, or the partition key of an API call, holds."""
    operator = JobOperator(
        task_id="t",
        stage="score",
        options={
            "use-case": "parcels",
            "partition": form_values.PARTITION,
            "through": form_values.THROUGH,
            "model-version": form_values.MODEL_VERSION,
            "actor": form_values.ACTOR,
        },
    )
    record = {
        "partition_key": None,
        "triggering_user_name": None,
        "run_type": DagRunType.MANUAL,
        **given.pop("run", {}),
    }
    run = type("Run", (), record)()
    context = {"dag_run": run, "params": {"partition": None, "through": None, "model_version": None, **given}}
    operator.render_template_fields(context, jinja2.Environment())
    operator._days()
    return operator._arguments()


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("place", ["partition", "through", "partition_key"])
def test_a_day_that_came_past_the_form_starts_no_job(place, typed):
    # A partition key comes by API, where no form looks at it.
    given = {"run": {"partition_key": typed}} if place == "partition_key" else {"partition": "2024-03-01", place: typed}
    with pytest.raises(AirflowFailException) as refused:
        rendered(**given)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("typed", ["{{ 7 * 7 }}", "'; DROP TABLE x; --", "../x", "$(touch /tmp/x)", '"; --force'])
def test_a_users_name_is_one_argument_and_no_template(typed):
    line = rendered(partition="2024-03-01", run={"triggering_user_name": typed})
    assert line[-1] == f"--actor=airflow:{typed}"
    asked = parse(line).arguments
    assert isinstance(asked, ScoreArguments) and asked.actor == f"airflow:{typed}" and asked.force is False


@pytest.mark.parametrize("typed", ["two\nlines\nERROR ModelMissing: forged", "", "x" * 1001, "\x1b[2J"])
def test_who_asks_is_one_line_of_text(typed):
    with pytest.raises(BadArguments, match="printable"):
        parse(["score", "--use-case=parcels", "--partition=2024-03-01", f"--actor={typed}"])


@pytest.mark.parametrize("typed", ["3; DROP", "٣", "0", "-1", "9" * 5000, "1e3", "{{ 1 }}"])
def test_a_version_is_a_number(typed):
    with pytest.raises(BadArguments):
        parse(["score", "--use-case=parcels", "--partition=2024-03-01", f"--model-version={typed}"])


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_job_takes_no_other_day_either(typed):
    with pytest.raises(BadArguments):
        parse(["score", "--use-case=parcels", f"--partition={typed}"])


def test_a_range_has_an_end():
    with pytest.raises(ValueError, match="at most 3660 days"):
        partition_key.between("1900-01-01", "9999-12-31")


def test_every_text_field_is_limited():
    for name, field in fields().items():
        assert isinstance(field, Param)
        schema = field.schema
        if "string" in schema["type"]:
            assert schema.keys() & {"format", "enum", "pattern"}, name


@pytest.mark.parametrize(
    ("run", "typed", "given"),
    [
        ("manual__1", "prices changed", "prices changed"),
        ("manual__1", None, "no reason was given"),
        # Monitoring has recorded its reasons itself.
        (f"{form_values.RETRAIN}2024-03-01", "3 of the last 5 days violated", ""),
    ],
)
def test_a_training_by_hand_has_a_reason_for_the_record(run, typed, given):
    template = jinja2.Environment().from_string(form_values.WHY_TRAIN)
    assert template.render(params={"reason": typed}, dag_run={"run_id": run}) == given


@pytest.mark.parametrize(("params", "expected"), [({}, ""), ({"any_gap": False}, "False"), ({"any_gap": True}, "True")])
def test_a_gap_is_asked_for_by_the_form_of_a_topic_alone(params, expected):
    operator = ExtractOperator(task_id="t", source="s", partition="2024-03-01", any_gap=form_values.ANY_GAP)
    operator.render_template_fields({"params": params}, jinja2.Environment(undefined=jinja2.StrictUndefined))
    assert operator.any_gap == expected


@pytest.mark.parametrize(
    ("user", "kind", "actor"),
    [
        ("ada", DagRunType.MANUAL, "airflow:ada"),
        ("ada", DagRunType.BACKFILL, "airflow:ada"),
        ("ada", DagRunType.OPERATOR_TRIGGERED, "airflow:ada (operator triggered)"),
        (None, DagRunType.OPERATOR_TRIGGERED, "airflow (operator triggered)"),
        (None, DagRunType.SCHEDULED, "airflow (scheduled)"),
        (None, DagRunType.ASSET_TRIGGERED, "airflow (asset triggered)"),
    ],
)
def test_the_record_says_how_a_run_was_started_that_no_person_has_triggered(user, kind, actor):
    line = rendered(partition="2024-03-01", run={"triggering_user_name": user, "run_type": kind})
    assert line[-1] == f"--actor={actor}"


@given(
    st.dictionaries(
        st.sampled_from(["actor", "triggering_user_name", "user", "dag_run", "started", "reason", "conf", "run_type"]),
        st.one_of(st.text(max_size=30), st.just("airflow:boss"), st.just("{{ 'boss' }}"), st.just({"name": "boss"})),
    )
)
def test_nothing_that_a_form_or_a_call_holds_reaches_the_actor(forged):
    # What an API call sends as `conf` becomes the parameters of the run, and is in its record too.
    run = {"triggering_user_name": "ada", "conf": forged}
    assert rendered(partition="2024-03-01", run=run, **forged)[-1] == "--actor=airflow:ada"
