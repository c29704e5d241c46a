"""The measures of answers, against definitions that are written down plainly, and what is kept by them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.declaration.dataset_calls import DatasetCalls
from lakehouse.declaration.dataset_check import Check
from lakehouse.teacher.quality import overlap
from lakehouse.teacher.quality.invented import new_names, new_numbers
from lakehouse.teacher.quality.limits import Candidate, Text
from lakehouse.teacher.quality.measures import measure
from lakehouse.teacher.quality.repetition import repetition
from lakehouse.teacher.quality.selection import judge
from lakehouse.teacher.quality.words import words
from tests.lakehouse.teacher.asking import drawn

some_words = st.lists(st.sampled_from("abcde"), max_size=24)


def common(one: list[str], other: list[str]) -> int:
    """The longest common subsequence, as textbooks have it."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for at, word in enumerate(one):
        for to, against in enumerate(other):
            table[at + 1][to + 1] = table[at][to] + 1 if word == against else max(table[at][to + 1], table[at + 1][to])
    return table[-1][-1]


@drawn
@given(some_words, some_words)
def test_rouge_is_what_its_formulas_say(answer: list[str], reference: list[str]) -> None:
    found = overlap.rouge_l(answer, reference)
    length = common(answer, reference)
    assert found.precision == (length / len(answer) if answer else 0)
    assert found.recall == (length / len(reference) if reference else 0)
    for n in (1, 2):
        mine = Counter(zip(*(answer[at:] for at in range(n)), strict=False))
        theirs = Counter(zip(*(reference[at:] for at in range(n)), strict=False))
        both = sum(min(count, theirs[run]) for run, count in mine.items())
        rouge = overlap.rouge_n(answer, reference, n)
        assert rouge.precision == (both / mine.total() if mine else 0)
        assert rouge.recall == (both / theirs.total() if theirs else 0)
        p, r = rouge.precision, rouge.recall
        assert rouge.f == pytest.approx(2 * p * r / (p + r) if p + r else 0)


def test_rouge_of_its_papers_example() -> None:
    # Lin (2004), 3: of S1 "police killed the gunman", S2 has an F of 3/4, and S3 of 1/2.
    reference = words("police killed the gunman")
    assert overlap.rouge_l(words("police kill the gunman"), reference).f == pytest.approx(0.75)
    assert overlap.rouge_l(words("the gunman kill police"), reference).f == pytest.approx(0.5)
    assert overlap.rouge_n(words("the gunman kill police"), reference, 1).f == pytest.approx(0.75)


@drawn
@given(some_words, some_words, st.integers(2, 6))
def test_a_word_is_copied_when_it_stands_in_a_run_of_the_document(said: list[str], told: list[str], run: int) -> None:
    length = min(run, len(said))
    there = [told[at : at + length] for at in range(len(told) - length + 1)]
    covered = {
        at + offset
        for at in range(len(said) - length + 1)
        if length and said[at : at + length] in there
        for offset in range(length)
    }
    assert overlap.copied(said, told, run) == (len(covered) / len(said) if said else 0)


@drawn
@given(some_words)
def test_repetition_is_none_where_nothing_comes_twice_and_grows_with_it(said: list[str]) -> None:
    different = [f"w{at}" for at in range(len(said))]
    assert repetition(" ".join(different), different) == 0
    assert 0 <= repetition(" ".join(said), said) < 1
    loop = ["so", "it", "is", "then"] * 12
    assert repetition(" ".join(loop), loop) > 0.85


def test_a_loop_without_spaces_is_one_too() -> None:
    assert repetition("ha" * 100, words("ha" * 100)) > 0.9
    text = "一二三四五六七八" * 12
    assert repetition(text, words(text)) > 0.8


@pytest.mark.parametrize(
    ("answer", "document", "new"),
    [
        ("It has 1,000 users.", "1000 users", []),
        ("It has 1.000 users and 1 000 more, 1'000 in all", "1000 users", []),
        ("1,234,567.50 and 1.234.567,5", "1234567.5", []),
        ("3.0 or 3", "version 3", []),
        ("2,5 percent", "2.5 percent", []),
        ("In 2024 it had 12 users", "in 2023 it had 12", ["2024"]),
        ("3 of 45", "45 of them", ["3"]),
        ("version 2.0.1", "version 2.0.1 and 2.0.2", []),
        ("version 2.0.3", "version 2.0.1 and 2.0.2", ["2.0.3"]),
        ("on 2024-03-01", "2024-03-01", []),
        ("007 and 7", "7", []),
        ("٣ items", "3 items", []),
        ("x²", "x", ["2"]),
        ("9 and 9 and 9", "none", ["9"]),
    ],
)
def test_a_number_is_known_however_it_is_written(answer: str, document: str, new: list[str]) -> None:
    assert new_numbers(answer, document) == new


@drawn
@given(st.integers(0, 10**12), st.sampled_from([",", ".", " ", "\u202f", "'"]))
def test_separators_of_thousands_change_no_number(value: int, separator: str) -> None:
    assert new_numbers(f"about {value:,}".replace(",", separator), f"it is {value} or so") == []
    assert new_numbers(f"about {value + 1}", f"it is {value:,} or so".replace(",", separator)) == [str(value + 1)]


@pytest.mark.parametrize(
    ("answer", "document", "new"),
    [
        ("The library is by Ada Lovelace.", "a library by Ada Lovelace", []),
        ("The library is by Grace Hopper.", "a library by Ada Lovelace", ["Grace", "Hopper"]),
        ("Fast code. Simple tools. «Yes» they say", "nothing of it", []),
        ("It runs on GPUs and in PyTorch.", "it runs on a GPU", ["PyTorch"]),
        ("- Tables\n- Frames", "none", []),
        ("Ada's code and Ada’s tests", "code of Ada", []),  # noqa: RUF001
        ("what I say", "nothing", []),
        ("NumPy is fast", "fast", ["NumPy"]),
        ("日本語の要約", "何か", []),
    ],
)
def test_a_name_is_new_when_the_document_does_not_have_it(answer: str, document: str, new: list[str]) -> None:
    assert new_names(answer, document) == new


DOCUMENT = "Arrow is a format for tables in memory. It has libraries in 12 languages. They share memory without copies."
GOOD = "Arrow is a format for tables that 12 languages share without copies."
ALIKE = "Arrow is a format for tables that 12 languages share, without copies!"
OTHER = "Tables in memory, in a format for 12 languages."
WRONG = "Arrow is a format by Oracle for 99 languages."


def judged(*found: tuple[str, str], **check: Any) -> dict[str, tuple[str, ...]]:
    candidates = [Candidate(f"v{number}", state, text) for number, (state, text) in enumerate(found)]
    return {one.variant: one.reasons for one in judge(candidates, DOCUMENT, Check.model_validate(check))}


def test_what_is_no_answer_never_passes_whatever_its_text_and_the_limits() -> None:
    states = ("truncated", "refused", "empty", "echo", "failed", "unknown", "open", "sent")
    assert judged(*((state, GOOD) for state in states)) == {f"v{at}": (state,) for at, state in enumerate(states)}
    assert judged(("answered", GOOD)) == {"v0": ()}


def test_a_broken_limit_is_told_with_its_value() -> None:
    found = judged(("answered", WRONG), words={"least": 20}, new_numbers={"most": 0}, new_names={"most": 0})
    assert found["v0"] == (
        "words 9, expected at least 20",
        "new_numbers 1 (99), expected at most 0",
        "new_names 1 (Oracle), expected at most 0",
    )


def test_of_nearly_equal_answers_one_is_kept_and_the_better_one() -> None:
    found = judged(("answered", GOOD), ("answered", ALIKE), ("answered", OTHER), alike=0.9)
    assert sorted(map(bool, found.values())) == [False, False, True]
    assert found["v2"] == () and found["v1"] == ("nearly equal to v0",)


def test_the_best_is_the_one_that_invents_least_and_then_that_the_others_agree_with() -> None:
    far = "Copies are avoided."
    found = judged(("answered", WRONG), ("answered", far), ("answered", OTHER), ("answered", GOOD), keep="best")
    assert [variant for variant, why in found.items() if not why] == ["v3"]
    assert found["v0"] == ("v3 is better",)


answers = st.lists(st.sampled_from([GOOD, ALIKE, OTHER, WRONG, DOCUMENT, "x", ""]), min_size=1, max_size=5)


@drawn
@given(answers, st.sampled_from(["all", "best"]), st.none() | st.sampled_from([0.3, 0.9, 1.0]))
def test_whatever_is_answered_something_that_passes_is_kept(texts: list[str], keep: str, alike: float | None) -> None:
    limits = {"new_numbers": {"most": 0}, "words": {"least": 2}}
    check = Check.model_validate({"keep": keep, "alike": alike, **limits})
    alone = [bool(judged(("answered", text), **limits)["v0"]) for text in texts]
    found = judge([Candidate(f"v{at}", "answered", text) for at, text in enumerate(texts)], DOCUMENT, check)
    kept = [at for at, one in enumerate(found) if one.kept]
    assert bool(kept) == (not all(alone)) and not any(alone[at] for at in kept)
    assert len(kept) <= 1 if keep == "best" else True
    for at in kept:
        others = [overlap.rouge_l(words(texts[at]), words(texts[to])).f for to in kept if to != at]
        assert alike is None or all(value < alike for value in others)


def test_measures_are_numbers_for_any_text() -> None:
    found = measure("", "", Check())
    assert (found.words, found.compression, found.copied, found.rouge_l, found.repetition) == (0, 0, 0, 0, 0)
    assert measure(DOCUMENT, DOCUMENT, Check()).copied == measure(DOCUMENT, DOCUMENT, Check()).rouge_2 == 1


GERMAN = "Das Paket liest Tabellen schnell und schreibt sie ohne Kopien wieder auf die Platte."
ENGLISH = "The package reads tables fast and writes them to the disk without any copies of them."


@pytest.mark.parametrize(
    ("answer", "document", "kept"),
    [
        (GERMAN, Text(DOCUMENT, "en", 1.0), False),
        (ENGLISH, Text(DOCUMENT, "en", 1.0), True),
        (GERMAN, Text(DOCUMENT, "de", 1.0), True),
        # Too short, or the document's is not sure or not known: nobody can tell.
        ("Das Paket liest Tabellen schnell.", Text(DOCUMENT, "en", 1.0), True),
        (GERMAN, Text(DOCUMENT, "en", 0.6), True),
        (GERMAN, Text(DOCUMENT, "", 0.0), True),
        (GERMAN, Text(DOCUMENT, "zxx", 1.0), True),
    ],
)
def test_an_answer_that_is_surely_in_another_language_is_refused(answer: str, document: Text, kept: bool) -> None:
    candidates = [Candidate("v", "answered", answer)]
    (found,) = judge(candidates, document, Check(), same_language=True)
    assert found.reasons == (() if kept else ("language de, expected that of the document, en",))
    assert judge(candidates, document, Check())[0].kept


def test_a_service_answers_in_the_documents_language_unless_any_is_declared() -> None:
    service = {"by": "service", "url": "http://127.0.0.1/v1", "model": "m", "prompt": "p.md"}
    budget = {"money": 0, "cost_per_million_tokens": {"input": 0, "output": 0}}
    asked = [
        DatasetCalls.model_validate({"teacher": service, "budget": budget}),
        DatasetCalls.model_validate({"teacher": service, "budget": budget, "check": {"language": "any"}}),
        DatasetCalls(),
        DatasetCalls.model_validate({"check": {"language": "same"}}),
    ]
    assert [one.same_language for one in asked] == [True, False, False, True]
