"""What a person sees who is asked, and how the answer reaches the gate."""

import datetime as dt
import re
from types import SimpleNamespace

import jinja2
import pytest

from include.orchestration import approval

METRICS = {"log_loss": 0.5, "roc_auc": 0.71, "true_positives": 100.0, "recall": None}
SLICE = {"slice": "carrier", "rows": 400, "low": -0.01, "high": 0.05}
GATE = {
    "model_version": 7,
    "champion_version": 6,
    "reasons": ["log loss 0.5000 against 0.5200 of champion version 6", "roc auc keeps the floor 0.62"],
    "run_url": "http://127.0.0.1:5000/#/experiments/1/runs/abc",
    "evidence": {
        "rows": 6000,
        "judged_days": ["2024-06-01", "2024-06-07"],
        "metric": "log_loss",
        "certainty": 0.975,
        "challenger": METRICS,
        "champion": {**METRICS, "log_loss": 0.52},
        "slices": [
            {**SLICE, "value": "UA", "difference": 0.02},
            {**SLICE, "value": "HA", "difference": -0.004, "low": None, "high": None},
        ],
    },
}


ANSWER = approval.answer_to(approval.question(SimpleNamespace(name="x"), "train"))


def rendered(template, **results):
    class TaskInstance:
        def xcom_pull(self, task_ids):
            return results[task_ids]

    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(template).render(ti=TaskInstance())


def test_the_evidence_stands_in_front_of_the_approver():
    said = rendered(approval.CELL + approval.EVIDENCE, gate=GATE)
    assert "promote version 7 in the place of champion version 6, because" in said
    assert "- log loss 0.5000 against 0.5200 of champion version 6\n- roc auc keeps the floor 0.62\n" in said
    assert "[The run in MLflow, with its plots](http://127.0.0.1:5000/#/experiments/1/runs/abc)" in said
    assert "6000 rows of 2024-06-01 to 2024-06-07" in said
    lines = said.splitlines()
    assert "| log loss | 0.5000 | 0.5200 |" in lines and "| true positives | 100 | 100 |" in lines
    assert not any("recall" in line for line in lines)
    least = lines.index("| carrier HA | 400 | -0.0040 | too few days |")
    assert lines[least + 1] == "| carrier UA | 400 | 0.0200 | -0.0100 to 0.0500 |"
    # A table of Markdown ends at the first line that is none of its own.
    head = lines.index("| slice | rows | better by | interval |")
    assert lines[head - 1] == "" and lines[head + 1].startswith("| ---")


def test_the_first_version_has_no_champion_beside_it():
    first = {**GATE, "champion_version": None, "evidence": {**GATE["evidence"], "champion": None, "slices": []}}
    said = rendered(approval.CELL + approval.EVIDENCE, gate=first)
    assert "promote version 7, because" in said and "| log loss | 0.5000 |  |" in said and "slice" not in said


@pytest.mark.parametrize(
    ("chosen", "user", "answer", "actor"),
    [
        ("Approve", {"id": "1", "name": "ada"}, "approved", "airflow:ada"),
        ("Reject", {"id": "1", "name": "ada"}, "rejected", "airflow:ada"),
        ("Reject", None, "timeout", "airflow"),
    ],
)
def test_the_answer_is_the_persons(chosen, user, answer, actor):
    said = {"chosen_options": [chosen], "responded_by_user": user, "question": "Promote version 7 of x to champion?"}
    assert rendered(ANSWER, approval=said, train=GATE) == answer
    assert rendered(approval.ACTOR, approval=said) == actor


HOSTILE = "UA | 9 | 9.9 |\n| [x](javascript:alert(1)) <img src=x> `{{ 7 * 7 }}` \\\\|"


def test_a_delivered_value_is_one_cell_of_one_line():
    def shown(value, *reasons):
        evidence = {**GATE["evidence"], "slices": [{**SLICE, "value": value, "difference": 0.02}]}
        return rendered(approval.CELL + approval.EVIDENCE, gate={**GATE, "evidence": evidence, "reasons": reasons})

    said, plain = shown(HOSTILE, HOSTILE, "# a head\n# more"), shown("UA", "one", "two")
    (line,) = [line for line in said.splitlines() if line.startswith("| carrier")]
    assert len(re.split(r"(?<!\\)(?:\\\\)*\|", line)) == 6
    assert "](" not in line.replace("\\[x](", "") and "\\<img" in line and "`" not in line and "{{ 7 * 7 }}" in line
    assert len(said.splitlines()) == len(plain.splitlines())


@pytest.mark.parametrize(
    ("template", "results"),
    [(ANSWER, {"approval": None, "train": GATE}), (approval.ACTOR, {"approval": None})],
)
def test_an_approval_that_was_marked_and_not_answered_decides_nothing(template, results):
    # There is no result then, and the task of the answer fails before it starts its job.
    with pytest.raises(jinja2.UndefinedError):
        rendered(template, **results)


def test_an_answer_to_an_earlier_question_is_no_answer_to_this_one():
    """Airflow keeps the result of a cleared approval until it starts again: marked before, it has that of another version."""
    asked = approval.operator(two_people=False)(
        task_id="approval",
        subject="Promote version 6 of x to champion?",
        options=["Approve", "Reject"],
        defaults="Reject",
    )
    by = {"id": "1", "name": "ada"}
    event = {
        "chosen_options": ["Approve"],
        "params_input": {},
        "responded_at": dt.datetime.now(dt.UTC),
        "responded_by_user": by,
    }
    kept = asked.execute_complete({}, event)
    assert rendered(ANSWER, approval=kept, train={**GATE, "model_version": 6}) == "approved"
    with pytest.raises(jinja2.UndefinedError, match="only to an earlier question: clear the task approval"):
        rendered(ANSWER, approval=kept, train=GATE)
    with pytest.raises(jinja2.UndefinedError):
        rendered(ANSWER, approval={name: kept[name] for name in kept if name != "question"}, train=GATE)
