"""Checked answers: a row for each document that is kept and each variant, made again where what it is made from has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.check import version
from jobs.check.job import CheckResult
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.ops import builds
from lakehouse.staleness import summary_staleness
from lakehouse.storage import delta_log
from tests.jobs import notes
from tests.jobs.answers import BUDGET, LATER, VARIANTS, Answering
from tests.teacher_server import FAULTS, SPECIAL

NEVER = ("truncation", "refusal", "apology", "filter", "nothing", "echo", "parrot", "bad request", "unfinished")


def reasons(answering: Answering, dataset: Dataset) -> dict[tuple[str, str], str]:
    return {(row["document_id"], row["variant"]): row["reasons"] for row in answering.rows(dataset)}


def counts(found: CheckResult) -> tuple[str, int, int, int, int]:
    return found.status, found.days, found.answers, found.kept, found.open


def test_each_kept_document_has_a_row_a_variant_with_what_was_measured(answering: Answering) -> None:
    dataset = answering.declare(check={"words": {"most": 4}})
    answering.documents(dataset, a="text one", b="special: truncation", c=("text", "words 1"))
    assert counts(answering.check()) == ("checked", 1, 4, 0, 4)
    assert {row["state"] for row in answering.rows(dataset)} == {"open"}
    answering.teach()
    assert counts(answering.check()) == ("checked", 1, 4, 2, 0)
    by_place = {(row["document_id"], row["variant"]): row for row in answering.rows(dataset)}
    one, none = by_place["a", "cold"], by_place["b", "warm"]
    assert one["summary"].startswith("Answer ") and one["words"] == 4 and one["kept"] and one["reasons"] == ""
    assert one["finish_reason"] == "stop" and one["mark"] is None and one["rouge_l"] == 0
    assert none["state"] == none["reasons"] == "truncated" and none["summary"] is None and not none["kept"]
    assert none["words"] is None and none["finish_reason"] == "length"
    calls = {(one["document_id"], one["variant"]): one["request_key"] for one in answering.calls("teach")}
    assert {place: row["request_key"] for place, row in by_place.items()} == calls
    at = delta_log.version(tables.summaries(dataset))
    assert answering.check().status == "unchanged" and delta_log.version(tables.summaries(dataset)) == at


def test_what_is_no_answer_never_passes_through_any_stage(answering: Answering) -> None:
    dataset = answering.declare(teacher=answering.asked(refusals=["Nein"]))
    texts = {
        f"d{at}": f"special: {special} and some more words that make a document" for at, special in enumerate(SPECIAL)
    }
    answering.documents(dataset, **texts)
    answering.teach()
    answering.check()
    kept = {texts[row["document_id"]] for row in answering.rows(dataset) if row["kept"]}
    assert not any(f"special: {special} " in text for special in NEVER for text in kept) and len(kept) == 1


def test_a_changed_limit_makes_no_call_and_only_the_days_again(answering: Answering) -> None:
    dataset = answering.declare()
    answering.documents(dataset, a="text one")
    answering.documents_on(LATER, dataset, b="text two")
    answering.teach()
    assert counts(answering.check()) == ("checked", 2, 4, 4, 0)
    answering.declare(check={"words": {"least": 20}})
    came = answering.came
    assert counts(answering.check()) == ("checked", 2, 4, 0, 0) and answering.came == came
    assert {row["reasons"] for row in answering.rows(dataset)} == {"words 4, expected at least 20"}
    answering.declare()
    assert counts(answering.check()) == ("checked", 2, 4, 4, 0)


def test_only_the_days_that_have_changed_are_made_again(answering: Answering) -> None:
    dataset = answering.declare(teacher=answering.asked())
    answering.documents(dataset, a="text one", b="text two")
    answering.documents_on(LATER, dataset, c="text three")
    answering.teach()
    answering.check()
    before = delta_log.files_by_day(tables.summaries(dataset))
    answering.documents_on(LATER, dataset, c="text three", d="text four")
    assert counts(answering.check()) == ("checked", 1, 4, 3, 1)
    after = delta_log.files_by_day(tables.summaries(dataset))
    assert after[notes.DAY] == before[notes.DAY] and after[LATER] != before[LATER]


def test_a_corrected_document_is_asked_about_alone_and_leaves_its_older_day(answering: Answering) -> None:
    dataset = answering.declare(teacher=answering.asked())
    answering.documents(dataset, a="text one", b="text two")
    answering.teach()
    answering.check()
    answering.documents_on(LATER, dataset, a="text one, corrected")
    assert list(summary_staleness.stale(dataset, version.SUMMARIES)) == [notes.DAY]
    came = answering.came
    answering.teach()
    assert answering.came == came + 1
    assert counts(answering.check()) == ("checked", 2, 2, 2, 0)
    assert [(row["partition"], row["document_id"]) for row in answering.rows(dataset)] == [
        (notes.DAY, "b"),
        (LATER, "a"),
    ]
    # A day whose documents are all somewhere else has none, nor an older delivery that says the same again.
    answering.documents_on(LATER, dataset, a="text one, corrected", b="text two")
    assert summary_staleness.stale(dataset, version.SUMMARIES)[notes.DAY] == [summary_staleness.GONE]
    assert counts(answering.check()) == ("checked", 2, 2, 2, 0) and answering.came == came + 1
    assert {row["partition"] for row in answering.rows(dataset)} == {LATER}
    assert summary_staleness.stale(dataset, version.SUMMARIES) == {}
    answering.documents_on(LATER, dataset, a=("text one, corrected", "words 3"), b=("text two", "words 2"))
    assert counts(answering.check()) == ("checked", 1, 0, 0, 0) and answering.rows(dataset) == []


def test_what_has_changed_is_told_in_words(answering: Answering) -> None:
    dataset = answering.declare(teacher=answering.asked(), judge=answering.marker("judge"))
    answering.documents(dataset, a="text one")
    assert summary_staleness.stale(dataset, version.SUMMARIES) == {}
    answering.check()
    assert summary_staleness.stale(dataset, version.SUMMARIES) == {}
    answering.teach()
    (told,) = summary_staleness.stale(dataset, version.SUMMARIES).values()
    assert [line.split(" (")[0] for line in told] == [
        "the answers changed from 0 recorded", "the marks changed from 0 recorded",
    ]  # fmt: skip
    answering.check()
    fingerprint = answering.rows(dataset)[0]["inputs_fingerprint"]
    behind = builds.inputs_behind(tables.summaries(dataset), {notes.DAY: fingerprint})[notes.DAY]
    assert behind.keys() == {
        "the documents", "the answers", "the marks", "the check", "the teacher", "the judge", "the checking code",
    }  # fmt: skip
    other = answering.declare(teacher=answering.asked(model="other"), judge=answering.marker("judge", least=0.9))
    (told,) = summary_staleness.stale(other, version.SUMMARIES).values()
    assert [line.split(" changed")[0] for line in told] == ["the answers", "the judge", "the teacher"]
    assert summary_staleness.stale(other, version.SUMMARIES + 1)[notes.DAY][1].startswith("the checking code changed")


def test_the_answers_of_another_model_do_not_count_and_come_back_with_it(answering: Answering) -> None:
    dataset = answering.declare(teacher=answering.asked())
    answering.documents(dataset, a="text one")
    answering.teach()
    answering.check()
    first = answering.rows(dataset)
    answering.declare(teacher=answering.asked(model="other"))
    assert counts(answering.check()) == ("checked", 1, 1, 0, 1)
    answering.teach()
    assert counts(answering.check()) == ("checked", 1, 1, 1, 0)
    assert answering.rows(dataset)[0]["summary"] != first[0]["summary"]
    answering.declare(teacher=answering.asked())
    came = answering.came
    answering.teach()
    answering.check()
    assert answering.rows(dataset) == first and answering.came == came


@pytest.mark.parametrize(
    ("said", "reason", "mark"),
    [
        ("mark 0.75", "", 0.75),
        ("mark 0.5", "", 0.5),
        ("mark 0.25", "mark 0.25, expected at least 0.5", 0.25),
        ("mark 8", "the judge's answer is no mark", None),
        ("mark NaN", "the judge's answer is no mark", None),
    ],
)
def test_an_answer_needs_a_mark_that_is_one_and_is_high_enough(
    answering: Answering, said: str, reason: str, mark: float | None
) -> None:
    dataset = answering.declare(teacher=answering.asked(), judge=answering.marker("judge"))
    answering.documents(dataset, a=f"special: {said}")
    answering.teach()
    found = answering.check()
    (row,) = answering.rows(dataset)
    assert (row["reasons"], row["mark"], found.kept) == (reason, mark, int(not reason))
    assert row["state"] == "answered" and row["summary"]


def test_without_a_mark_of_the_judge_nothing_is_kept(answering: Answering) -> None:
    dataset = answering.declare(teacher=answering.asked())
    answering.documents(dataset, a="text", b="special: refusal")
    answering.teach()
    answering.declare(teacher=answering.asked(), judge=answering.marker("judge"))
    answering.check()
    assert reasons(answering, dataset) == {("a", "first"): "no mark of the judge yet", ("b", "first"): "refused"}
    answering.declare(teacher=answering.asked(), judge=answering.marker("judge", url="http://127.0.0.1:9/v1"))
    answering.check()
    assert not any(row["kept"] for row in answering.rows(dataset))


def test_of_several_answers_the_one_with_the_higher_mark_is_the_best(answering: Answering) -> None:
    dataset = answering.declare(judge=answering.marker("judge", least=0), check={"keep": "best"})
    answering.documents(dataset, a="text one", b="text two", c="text three", d="text four")
    answering.teach()
    answering.check()

    def rank(row: dict[str, Any]) -> tuple[int, float]:
        return row["new_numbers"] + row["new_names"], -row["mark"]

    for name in "abcd":
        rows = [row for row in answering.rows(dataset) if row["document_id"] == name]
        (kept,) = [row for row in rows if row["kept"]]
        assert kept == min(rows, key=rank)


def test_with_the_built_in_summariser_the_language_is_no_matter(answering: Answering) -> None:
    dataset = answering.declare(teacher={"by": "extractive", "sentences": 2}, budget=None)
    answering.documents(dataset, **{f"d{at}": notes.text(at) for at in range(3)})
    answering.teach()
    assert counts(answering.check()) == ("checked", 1, 3, 3, 0) and answering.came == 0
    assert not dataset.same_language and {row["language"] for row in answering.rows(dataset)} == {"en"}


def test_many_documents_are_checked_by_processes_to_the_same_rows(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = answering.declare(teacher={"by": "extractive", "sentences": 2}, budget=None)
    answering.documents(dataset, **{f"d{at:03d}": notes.text(at, 4) for at in range(40)})
    answering.teach()
    answering.check()
    here = answering.rows(dataset)
    used = []

    class Threads:
        def __init__(self, workers: int, *_: Any, **__: Any) -> None:
            from concurrent.futures import ThreadPoolExecutor

            used.append(workers)
            self.pool = ThreadPoolExecutor(workers)

        def __enter__(self) -> Any:
            return self.pool

        def __exit__(self, *_: object) -> None:
            self.pool.shutdown()

    monkeypatch.setattr("lakehouse.processes.ProcessPoolExecutor", Threads)
    monkeypatch.setattr("lakehouse.teacher.pool.mapped.__defaults__", (10,))
    monkeypatch.setattr("lakehouse.teacher.pool.CHUNK", 7)
    assert answering.check(force=True).status == "checked"
    assert used and answering.rows(dataset) == here


quick = settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.sampled_from([*(f"special: {one}" for one in SPECIAL), "plain", "other", "third"])


@quick
@given(
    st.lists(words, min_size=1, max_size=4, unique=True),
    st.sets(st.sampled_from(FAULTS), min_size=1),
    st.integers(0, 99),
)
def test_whatever_faults_a_service_has_the_rows_are_those_of_a_service_without(
    answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[str], faults: set[str], seed: int
) -> None:
    texts = {f"d{at}": f"{text}, some words that make it a document of its own" for at, text in enumerate(found)}
    outcomes = []
    for manners in ({}, {"faults": tuple(sorted(faults)), "at_most": 2, "seed": seed, "seconds": 0.2}):
        monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / f"{len(list(tmp_path.iterdir()))}"))
        answering.served.clear(**manners)
        teacher = answering.asked(variants=VARIANTS, timeout_seconds=5, concurrency=3)
        judge = answering.marker("judge", timeout_seconds=5, least=0.3)
        dataset = answering.declare(teacher=teacher, judge=judge, budget=BUDGET)
        answering.documents(dataset, **texts)
        for _ in range(10):
            if answering.teach()["open"] == 0:
                break
        answering.check()
        rows = answering.rows(dataset)
        outcomes.append([{name: value for name, value in row.items() if name != "inputs_fingerprint"} for row in rows])
    # What was asked, judged and kept is the same, down to the reasons.
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0]) == 2 * len(found)
