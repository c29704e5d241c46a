"""The tasks of an erasure: the job gets the key, and nothing else does."""

from __future__ import annotations

from types import SimpleNamespace

import jinja2
import pytest
from airflow._shared.secrets_masker.secrets_masker import DEFAULT_SENSITIVE_FIELDS, SecretsMasker
from airflow.sdk.exceptions import AirflowFailException

from include.orchestration import approval, erasure, erasure_form, fork
from include.orchestration.erasure import EraseOperator

KEY = "zebra-4711,12"
RESULT = {
    "sources": ["orders", "returns"],
    "places": {"silver.orders": 3, "gold.order_returns_scores": 6},
    "learned": [{"use_case": "order_returns", "model_version": 4}],
    "message": "not looked at: target crm",
    "held": [],
    "unlinked": {"silver.claims": 12, "silver.letters": 1},
    "reason": "letter of May 3 about (erased)",
}


def run(monkeypatch, said):
    monkeypatch.setattr(fork, "possible", lambda: False)
    monkeypatch.setattr(erasure, "_connections", lambda: [])
    hidden = []
    monkeypatch.setattr(erasure, "mask_secret", hidden.append)
    operator = EraseOperator(
        task_id="find", stage="erase", options={"source": "orders"}, switches={"dry-run": "True"}, needs_spark=False
    )
    fields = [str(getattr(operator, name)) for name in operator.template_fields]
    result = operator.execute(
        {"params": {"secret_key": KEY, "reason": f"letter about {KEY}"}, "outlet_events": {}, "run_id": "one"}
    )
    return result, hidden, fields


def test_the_key_goes_to_the_job_by_a_file_that_is_gone_afterwards(fake_job, monkeypatch):
    fake_job(
        "import os, pathlib\n"
        "key = pathlib.Path(next(one for one in arguments if one.startswith('--key-file=')).partition('=')[2])\n"
        "reason = key.parent / 'reason-file'\n"
        "result(arguments=arguments, read=key.read_text(), reason=reason.read_text(), mode=oct(key.stat().st_mode & 0o777))"
    )
    result, hidden, fields = run(monkeypatch, RESULT)
    assert result["read"] == KEY and result["reason"] == f"letter about {KEY}" and result["mode"] == "0o600"
    assert result["arguments"][:2] == ["erase", "--source=orders"] and result["arguments"][-1] == "--dry-run"
    assert not any("zebra" in text for text in [*result["arguments"], *fields])
    assert hidden == [KEY]


def test_airflow_s_audit_log_masks_what_is_typed_for_the_key():
    masker = SecretsMasker()
    masker.sensitive_variables_fields = list(DEFAULT_SENSITIVE_FIELDS)
    (name,) = erasure_form.fields(["order"]).keys() - {"reason", "dry_run", "despite_hold"}
    assert masker.redact({"conf": {name: KEY, "reason": "r"}}) == {"conf": {name: "***", "reason": "r"}}


def test_who_approves_sees_what_was_found_and_not_the_key():
    def said(found):
        task = SimpleNamespace(xcom_pull=lambda task_ids: found)
        run = SimpleNamespace(triggering_user_name="ann")
        template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(approval.CELL + erasure.FOUND)
        return template.render(
            ti=task, dag_run=run, params=SimpleNamespace(reason=f"letter of May 3 about {KEY}", secret_key=KEY)
        )

    text = said(RESULT).strip()
    assert text.startswith("Asked by ann, because: letter of May 3 about (erased).") and "orders, returns" in text
    assert "| silver.orders | 3 |\n| gold.order_returns_scores | 6 |\n" in text
    assert "order_returns 4" in text and "not looked at: target crm" in text
    assert "zebra" not in text
    assert "| nothing is here; it stays out if it comes later | 0 |" in said({**RESULT, "places": {}, "learned": []})
    assert "no link is declared: silver.claims 12, silver.letters 1." in text
    assert "Held by" not in text
    assert "**Held by retention.yaml:** orders (audit 17)." in said({**RESULT, "held": ["orders (audit 17)"]})


def test_nobody_is_asked_in_vain_about_what_is_held():
    held = {**RESULT, "held": ["orders (audit 17)"]}
    with pytest.raises(AirflowFailException, match=r"orders \(audit 17\); nothing was erased, and nobody was asked"):
        erasure.meant(held, dry_run=False, despite_hold=False)
    assert erasure.meant(held, dry_run=False, despite_hold=True)
    assert not erasure.meant(held, dry_run=True, despite_hold=False)
    assert erasure.meant(RESULT, dry_run=False, despite_hold=False)


def test_each_use_case_that_asks_for_a_training_gets_a_run_of_it():
    made = erasure.trainings_of({"retrain": {"order_returns": "2024-03-05"}})
    assert made == [
        {
            "trigger_dag_id": "train__order_returns",
            "trigger_run_id": "retrain__2024-03-05",
            "conf": {"partition": "2024-03-05", "reason": "its champion learned from rows that were erased on request"},
        }
    ]


def test_a_try_that_was_killed_leaves_the_key_to_the_next_one_to_remove(fake_job, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fake_job(
        "import json, pathlib\n"
        "key = pathlib.Path(next(one for one in arguments if one.startswith('--key-file=')).partition('=')[2])\n"
        "result(folder=key.parent.name, there=sorted(one.name for one in key.parent.parent.glob('nightjar-job-*')))"
    )
    first, _, _ = run(monkeypatch, RESULT)
    assert not list(tmp_path.glob("nightjar-job-*"))
    mine, other = first["folder"].rpartition("-")[0], "nightjar-job-of-another-run"
    for name in (f"{mine}-killed", other):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key-file").write_text(KEY)
    second, _, _ = run(monkeypatch, RESULT)
    assert (
        second["folder"].startswith(f"{mine}-") and f"{mine}-killed" not in second["there"] and other in second["there"]
    )
    assert [one.name for one in tmp_path.glob("nightjar-job-*")] == [other]
