"""The built-in summariser: sentences of the document, the telling ones, the same for the same request."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.declaration.dataset_teacher import ExtractiveTeacher
from lakehouse.teacher import request
from lakehouse.teacher.extractive import ranking
from lakehouse.teacher.extractive.sentences import LONGEST, MOST, sentences
from lakehouse.teacher.extractive.summariser import Summariser
from lakehouse.teacher.request import Document
from tests.lakehouse.teacher.asking import drawn

TEXT = """Columnar formats keep the values of a column together. A columnar format of tables is read fast.
Tables of a columnar format are shared by many languages. The weather was fine on that day.

Columns of tables compress well in a columnar format. My cat likes fish! Readers of a table take only its columns."""


def summary(text: str, sentences: int = 3, **variant: Any) -> str:
    teacher = ExtractiveTeacher.model_validate({"sentences": sentences, "variants": [{"name": "v", **variant}]})
    (asked,) = request.of_documents([Document("d", text)], teacher, None)
    return asyncio.run(Summariser().ask(asked)).text


def test_the_telling_sentences_are_taken_in_their_order() -> None:
    found = sentences(summary(TEXT))
    places = [sentences(TEXT).index(one) for one in found]
    assert len(found) == 3 and places == sorted(places)
    assert not any("cat" in one or "fine" in one for one in found)


def test_temperature_draws_others_and_the_seed_repeats_them() -> None:
    drawn = {summary(TEXT, temperature=1.5, seed=seed) for seed in range(12)}
    assert len(drawn) > 3
    assert summary(TEXT, temperature=1.5, seed=1) == summary(TEXT, temperature=1.5, seed=1)
    assert {summary(TEXT, temperature=1.5, top_p=1e-6, seed=seed) for seed in range(5)} == {summary(TEXT)}


@drawn
@given(
    st.lists(
        st.sampled_from(["Tables are read.", "Rows!", "列が読まれる。", "x\n\n", "3.5 %", "|--|", "a b c. "]),
        max_size=9,
    ).map(" ".join),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.7, 2.0]),
)
def test_of_any_text_only_its_own_sentences_come_back(text: str, count: int, temperature: float) -> None:
    known = sentences(text)
    chosen = itertools.combinations(known, min(count, len(known)))
    assert summary(text, count, temperature=temperature) in {" ".join(some) for some in chosen}


def test_a_text_without_a_word_has_no_summary() -> None:
    assert summary("") == summary(" \n 12 -- 34 \n") == ""


def test_a_text_is_split_at_ends_of_sentences_and_of_paragraphs() -> None:
    text = 'He said "no." Then: 3.5 of v1.2.3! A title\n\nA line\nthat goes on. 一つ。二つ。'
    assert sentences(text) == [
        'He said "no."',
        "Then: 3.5 of v1.2.3!",
        "A title",
        "A line that goes on.",
        "一つ。",
        "二つ。",
    ]


def test_a_huge_text_costs_no_more_than_its_first_sentences() -> None:
    found = sentences("Word. " * 5000 + "x" * 10**6)
    assert len(found) == MOST and max(map(len, sentences("x" * 10**6))) == LONGEST


def test_a_rank_is_the_share_of_a_reader_that_goes_on_to_similar_sentences() -> None:
    similar = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=float)
    damping, count = ranking.DAMPING, 3
    ways = similar / similar.sum(axis=0)
    exact = np.linalg.solve(np.eye(count) - damping * ways, np.full(count, (1 - damping) / count))
    assert ranking.text_rank(similar) == pytest.approx(exact / exact.max(), abs=1e-6)
