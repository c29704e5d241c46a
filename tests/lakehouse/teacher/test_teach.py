"""Calls to a service that behaves in every bad way: each answer is paid once, and the books say what was paid."""

from __future__ import annotations

import datetime as dt
import logging
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher
from lakehouse.errors import (
    CallsBusy,
    ConnectionWrong,
    ServiceUnavailable,
    TeacherRefused,
    TeacherUnavailable,
    WriteConflict,
)
from lakehouse.ops import calls
from lakehouse.storage import delta_log
from lakehouse.tables import CALLS
from lakehouse.teacher import access, folding, plan, request, teaching
from lakehouse.teacher.request import Document
from tests.lakehouse.teacher.asking import BUDGET, Asking, requests
from tests.teacher_server import FAULTS, NOT_BILLED, SPECIAL

TWO = [{"name": "cold", "temperature": 0}, {"name": "warm", "temperature": 1}]
STATES = {
    "truncation": "truncated", "refusal": "refused", "apology": "refused", "filter": "refused", "nothing": "empty", "echo": "echo",
    "parrot": "echo", "no usage": "answered", "bad request": "failed", "unfinished": "truncated",
}  # fmt: skip


def budget(**fields: Any) -> Budget:
    return Budget.model_validate(BUDGET.model_dump() | fields)


def billed(asking: Asking) -> int:
    return sum(account.billed for account in asking.service.accounts.values())


def test_a_recorded_answer_is_never_paid_again_and_only_what_is_new_is_asked_for(asking: Asking) -> None:
    first = asking.teach(["a", "b", "a"], variants=TWO)
    assert (first.status, first.attempts, first.shared, first.ended) == ("done", 4, 2, {"answered": 4})
    version = delta_log.version(CALLS)
    again = asking.teach(["b", "a"], variants=TWO)
    assert (again.status, again.attempts, again.recorded) == ("unchanged", 0, 4)
    # Not even a commit.
    assert delta_log.version(CALLS) == version
    more = asking.teach(["a", "c"], variants=[*TWO, {"name": "hot", "temperature": 2}])
    assert (more.attempts, more.recorded) == (4, 2)
    other = asking.teach(["a"], variants=TWO, model="n")
    assert other.attempts == 2
    assert billed(asking) == 10 == len(asking.lines()) and {line["segment"] for line in asking.lines()} != {""}


def test_every_reader_reads_the_calls(asking: Asking) -> None:
    asking.teach(["a"])
    dataset = DeltaTable(delta_log.location(CALLS)).to_pyarrow_dataset()
    found = duckdb.from_arrow(dataset).project("state, attempts, cost_micros, answer").fetchall()
    line = asking.line()
    assert found == [("answered", 1, line["cost_micros"], f"Answer {line['request_key'][:12]} about it.")]
    assert (line["returned_model"], line["finish_reason"], line["error"]) == ("m-2026", "stop", None)
    assert line["first_sent_at"] == line["sent_at"] <= line["ended_at"]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "silent"])
def test_a_fault_that_passes_costs_another_try_and_the_record_says_whether_it_may_have_been_billed(
    asking: Asking, fault: str
) -> None:
    asking.behave(faults=(fault,), at_most=2)
    assert asking.teach(["a"]).ended == {"answered": 1}
    line, (account,) = asking.line(), asking.service.accounts.values()
    lost = 0 if fault in NOT_BILLED else 2
    # A service that ends a connection without a word may have begun to work.
    lost = 2 if fault == "no answer" else lost
    assert (line["attempts"], line["maybe_billed"], line["state"]) == (3, lost, "answered")
    cost = BUDGET.cost_micros(account.input_tokens, account.output_tokens)
    assert line["cost_micros"] - line["unsure_micros"] == cost
    assert line["cost_micros"] >= account.billed * cost
    assert (line["unsure_micros"] > 0) == (lost > 0)


def test_a_call_that_brings_nothing_in_time_is_sent_again_once_and_never_by_itself(asking: Asking) -> None:
    asking.behave(faults=("silent",), at_most=9, seconds=1)
    found = asking.teach(["a"], timeout_seconds=0.05)
    assert (found.status, found.attempts, found.ended) == ("done", 2, {"unknown": 1})
    line = asking.line()
    assert (line["maybe_billed"], line["timeouts"], line["answer"]) == (2, 2, None)
    assert line["cost_micros"] == line["unsure_micros"] > 0
    asking.behave()
    assert asking.teach(["a"]).status == "unchanged"
    assert asking.teach(["a"], again=("unknown",)).ended == {"answered": 1}
    assert asking.line()["attempts"] == 3


def test_what_is_no_answer_has_its_state_is_kept_and_is_not_asked_for_again(asking: Asking) -> None:
    texts = [f"A document of many words about things. special: {one}" for one in SPECIAL]
    found = asking.teach(texts)
    said = {SPECIAL[int(line["document_id"][1:])]: line["state"] for line in asking.lines()}
    assert said == STATES
    assert found.status == "done" and sum(found.ended.values()) == len(SPECIAL)
    kept = {line["document_id"]: line["answer"] for line in asking.lines()}
    assert kept["d0"] == "This goes on and" and kept["d1"] == "I will not."
    assert asking.teach(texts).status == "unchanged"
    # Asked for, what was cut off is paid once more.
    spent = asking.teach(texts, again=("truncated",))
    assert (spent.attempts, spent.ended) == (2, {"truncated": 2})
    assert [line["replies"] for line in asking.lines() if line["state"] == "truncated"] == [2, 2]


def test_an_answer_without_usage_costs_what_was_reserved(asking: Asking) -> None:
    asking.teach(["special: no usage"])
    line = asking.line()
    (asked,) = requests(asking.teacher(), ["special: no usage"])
    assert line["cost_micros"] == line["unsure_micros"] == BUDGET.cost_micros(asked.input_bytes, 50)
    assert (line["input_tokens"], line["output_tokens"], line["state"]) == (None, None, "answered")


def test_a_budget_of_money_is_never_exceeded_stops_cleanly_and_goes_on_when_raised(asking: Asking) -> None:
    texts = [f"document {number}" for number in range(30)]
    (asked, *_) = requests(asking.teacher(), texts)
    # As the service bills; each is a fraction of what is reserved for it.
    asking.teach(texts[:1])
    cost = asking.line()["cost_micros"]
    most = BUDGET.cost_micros(asked.input_bytes, asked.max_tokens)
    asking.budget = budget(money=(10 * cost + most) / 1_000_000)
    spent = asking.teach(texts)
    assert spent.status == "budget spent" and 9 <= spent.attempts <= 11
    assert spent.spent_micros <= asking.budget.micros and spent.unsure_micros == 0
    before = billed(asking)
    assert asking.teach(texts).attempts == 0 and billed(asking) == before
    asking.budget = BUDGET
    assert asking.teach(texts).status == "done"
    assert billed(asking) == 30 == len(asking.lines())


def test_a_budget_of_calls_counts_what_was_answered_or_may_have_been(asking: Asking) -> None:
    asking.budget = budget(calls=5)
    asking.behave(faults=("500", "cut"), at_most=1)
    found = asking.teach([f"document {number}" for number in range(9)])
    assert found.status == "budget spent"
    assert found.spent_calls == billed(asking) == 5
    assert sum(line["replies"] + line["maybe_billed"] for line in asking.lines()) == 5


def test_a_plan_says_what_a_run_would_do_and_does_nothing(asking: Asking) -> None:
    asking.teach(["a"])
    before, lines = billed(asking), asking.lines()
    teacher = asking.teacher(variants=TWO, characters_per_token=2)
    asked = requests(teacher, ["a", "b" * 1000, "a"])
    found = plan.plan("d", asked, teacher, BUDGET)
    assert (found.requests, found.shared, found.recorded, found.calls) == (6, 2, 0, 4)
    characters = sum(one.input_characters for one in asked[:4])
    assert characters / 2 <= found.input_tokens <= characters / 2 + 4 and found.output_tokens == 4 * 50
    assert 0 < found.estimated_micros <= found.most_micros
    assert found.left_micros == BUDGET.micros - found.spent_micros and found.spent_calls == 1 and found.fits
    assert not plan.plan("d", asked, teacher, budget(money=found.spent_micros / 1_000_000)).fits
    assert not plan.plan("d", asked, teacher, budget(calls=4)).fits
    assert (billed(asking), asking.lines()) == (before, lines)
    run = teaching.teach("d", asked, teacher, BUDGET)
    assert run.attempts == found.calls and run.cost_micros <= found.most_micros


@pytest.mark.parametrize("status", [301, 401, 404])
def test_a_service_that_refuses_all_ends_the_run_and_spends_no_call(asking: Asking, status: int) -> None:
    asking.behave(status=status)
    with pytest.raises(TeacherRefused, match=f"status {status}"):
        asking.teach([f"document {number}" for number in range(50)], concurrency=4)
    assert len(asking.lines()) <= 4 and {line["state"] for line in asking.lines()} == {"open"}
    asking.behave()
    assert asking.teach([f"document {number}" for number in range(50)]).ended == {"answered": 50}


def test_a_parameter_that_the_service_does_not_know_ends_the_run_after_some_calls(asking: Asking) -> None:
    asking.behave(status=400)
    with pytest.raises(TeacherRefused, match="the first 10 requests refused"):
        asking.teach([f"document {number}" for number in range(100)], concurrency=4)
    assert len(asking.lines()) <= 14


def test_a_service_that_is_away_ends_the_run_which_can_be_retried(asking: Asking) -> None:
    asking.behave(status=503)
    with pytest.raises(TeacherUnavailable, match=r"the last 3 calls got none in 2 tries each \(status 503") as raised:
        asking.teach([f"document {number}" for number in range(50)], concurrency=1, tries=2)
    assert raised.value.retryable
    assert [(line["state"], line["attempts"], line["cost_micros"]) for line in asking.lines()] == [("open", 2, 0)] * 3


def test_nobody_listens(asking: Asking) -> None:
    with pytest.raises(TeacherUnavailable, match="ConnectError"):
        asking.teach(["a", "b", "c"], url="http://127.0.0.1:9/v1", tries=1, concurrency=1)
    assert {line["maybe_billed"] for line in asking.lines()} == {0}


def test_a_pause_that_is_asked_for_holds_all_calls_and_a_long_one_ends_the_run(asking: Asking) -> None:
    asking.behave(faults=("429",), at_most=1)
    began = time.monotonic()
    # No try is used up by waiting as the service asks.
    assert asking.teach(["a", "b", "c"], tries=1).ended == {"answered": 3}
    assert time.monotonic() - began >= 0.05
    assert sum(account.came for account in asking.service.accounts.values()) == 6
    asking.behave(status=429, pause="3600")
    with pytest.raises(TeacherUnavailable, match="asks to wait 3600 s"):
        asking.teach(["d"])


def test_no_more_are_under_way_than_declared_and_no_more_go_out_in_a_minute(asking: Asking) -> None:
    asking.behave(latency=0.02)
    asking.teach([f"document {number}" for number in range(30)], concurrency=5)
    assert asking.service.most_under_way == 5
    asking.service.times.clear()
    began = time.monotonic()
    asking.teach([f"paced {number}" for number in range(7)], requests_per_minute=1200, concurrency=5)
    # From before the first one, which may come late: a busy machine makes it longer, and never shorter.
    assert max(asking.service.times) - began >= 6 * 0.05


def test_a_key_is_in_the_request_and_nowhere_else(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "sk-Secret+Key/0123456789"
    monkeypatch.setenv("AIRFLOW_CONN_THE_TEACHER", '{"conn_type": "http", "password": "' + key + '"}')
    asking.behave(key=key)
    assert asking.teach(["a"], connection="the_teacher").ended == {"answered": 1}
    monkeypatch.setenv("THE_KEY", f"{key}x\n")
    with pytest.raises(TeacherRefused) as raised:
        asking.teach(["b"], key_variable="THE_KEY")
    written = [file.read_bytes() for file in Path(delta_log.location(CALLS)).rglob("*") if file.is_file()]
    shown = f"{''.join(traceback.format_exception(raised.value))} {caplog.text} {asking.lines()} {access.Access(key)!r}"
    assert "Secret" not in shown and not any(b"Secret" in content for content in written)
    assert "Incorrect API key provided: ***" in str(raised.value)


def test_two_runs_at_once_are_one_and_an_error(asking: Asking) -> None:
    asking.behave(latency=0.05)
    texts = [f"document {number}" for number in range(20)]
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(asking.teach, texts, concurrency=2) for _ in range(2)]
        errors = [one.exception() for one in found]
    busy = [error for error in errors if error is not None]
    assert len(busy) <= 1 and all(isinstance(error, CallsBusy) for error in busy)
    assert billed(asking) == 20 == len(asking.lines())


def test_a_full_disk_sends_nothing_that_is_not_written_down(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.teach(["a"])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with (
        monkeypatch.context() as patch,
        pytest.raises(ServiceUnavailable, match="expected room for the journal of calls, found: No space left"),
    ):
        patch.setattr("lakehouse.teacher.segments.os.fsync", full)
        asking.teach(["b", "c"])
    assert billed(asking) == 1
    assert asking.teach(["b", "c"]).ended == {"answered": 2}


def test_much_is_folded_while_calls_are_made_and_each_call_keeps_one_line(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.teacher.journal.FOLDED_LINES", 10)
    asking.behave(faults=("500", "half", "cut"), at_most=2, share=0.7)
    assert asking.teach([f"document {number}" for number in range(40)], concurrency=4).status == "done"
    lines = asking.lines()
    assert len(lines) == 40 == len({line["request_key"] for line in lines})
    assert len({line["segment"] for line in lines}) > 2
    assert not list(folding.folder_of("d").glob("*.jsonl"))
    standing = calls.standing("d")
    assert standing.spent.micros == sum(line["cost_micros"] for line in lines) and not standing.others


def test_a_fold_that_fails_is_made_up_for_in_order(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.teacher.journal.FOLDED_LINES", 8)
    fold, failed = calls.fold, []

    def failing(*arguments: Any) -> None:
        if not failed:
            failed.append(arguments[1])
            raise WriteConflict("others came first")
        fold(*arguments)

    monkeypatch.setattr(calls, "fold", failing)
    asking.behave(faults=("500", "cut"), at_most=1)
    asking.teach([f"document {number}" for number in range(30)], concurrency=4)
    monkeypatch.setattr(calls, "fold", fold)
    lines = asking.lines()
    assert failed and len(lines) == 30 == len({line["request_key"] for line in lines})
    assert {line["state"] for line in lines} == {"answered"}
    assert sum(line["replies"] + line["maybe_billed"] for line in lines) == billed(asking)
    assert asking.teach([f"document {number}" for number in range(30)]).status == "unchanged"


def test_a_missing_key_is_told_before_anything_is_sent(asking: Asking) -> None:
    with pytest.raises(ConnectionWrong, match="NO_SUCH_KEY: expected the key in this variable, found nothing"):
        asking.teach(["a"], key_variable="NO_SUCH_KEY")
    assert not asking.service.accounts and not asking.lines()


def test_the_built_in_summariser_goes_the_same_way_and_costs_nothing(lakehouse_root: Path) -> None:
    teacher = ExtractiveTeacher.model_validate(
        {"sentences": 2, "variants": [{"name": "plain"}, {"name": "drawn", "temperature": 1, "seed": 4}]}
    )
    texts = ["I can't say. Tables are read fast. Tables are read by many. Cats sleep. Tables are kept.", "", "12"]
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]

    def teach(root: str) -> list[dict[str, Any]]:
        made = request.of_documents(documents, teacher, None)
        now = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
        found = teaching.teach("d", made, teacher, run_id="r", clock=lambda: now, folder=lakehouse_root / root)
        assert found.spent_micros == found.cost_micros == 0
        assert found.ended == ({"answered": 2, "empty": 4} if root == "one" else {})
        return calls.answers("d").to_pylist()

    first = teach("one")
    assert teach("two") == first
    assert {line["answer"] for line in first if line["state"] == "answered"} >= {
        "Tables are read fast. Tables are read by many."
    }
