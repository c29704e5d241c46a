"""What is measured on a text, by cases that are counted by hand, and for whatever text there is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.documents import filtering
from jobs.documents.measures import measures
from lakehouse.declaration.dataset_documents import Heuristics
from lakehouse.tables.of_dataset import DOCUMENT_MEASURES

OTHERS = {"quality", "pii", "pii_counts", "grade"}


def test_the_measures_are_the_columns_of_the_table() -> None:
    assert {column.name for column in DOCUMENT_MEASURES} - OTHERS == set(measures("A text."))


@pytest.mark.parametrize(
    ("text", "measure", "expected"),
    [
        ("one three", "characters", 9),
        ("one three 42 --", "words", 4),
        ("one three", "mean_word_length", 4.0),
        ("one three 42 --", "alphabetic_words", 0.5),
        ("# one ... two… three", "symbols_per_word", 3 / 5),
        ("- one\n* two\n• three\nfour", "bullet_lines", 0.75),
        ("one ...\ntwo…\nthree\n\nfour.", "ellipsis_lines", 0.5),
        ("abc\nde\nabc\nabc", "repeated_lines", 6 / 11),
        ("a b c d e a b c d e", "repeated_ngrams", 1 / 6),
        ("A b c d e, a B C D E,", "repeated_ngrams", 1 / 6),
        ("a b c d", "repeated_ngrams", 0.0),
        (
            "The committee and the teacher have to be at the station with the letter that nobody reads",
            "common_words",
            7,
        ),
        ("委员会决定关闭这座桥进行维修,直到本月底。", "words", 19),
    ],
)
def test_a_measure_is_what_a_count_by_hand_gives(text: str, measure: str, expected: float) -> None:
    assert measures(text)[measure] == pytest.approx(expected)


def test_a_language_without_a_list_has_no_common_words_and_keeps_the_limit() -> None:
    found = measures("Lagið var tekið upp í Reykjavík og þar var það fyrst flutt fyrir áheyrendur á tónleikum")
    assert found["language"] == "is"
    assert found["common_words"] is None
    assert filtering.quality(found, Heuristics()) == pytest.approx(8 / 9)


def test_an_empty_text_measures_nothing() -> None:
    found = measures("")
    assert {value for name, value in found.items() if name not in ("language", "common_words")} == {0}
    assert (found["language"], found["common_words"]) == ("", None)


@given(st.text(max_size=80))
@settings(max_examples=50)
def test_shares_lie_between_0_and_1_and_a_repeated_text_repeats_itself(text: str) -> None:
    found = measures(text)
    shares = (
        "language_share",
        "alphabetic_words",
        "bullet_lines",
        "ellipsis_lines",
        "repeated_lines",
        "repeated_ngrams",
    )
    assert all(0 <= found[name] <= 1 for name in shares)
    assert 0 <= filtering.quality(found, Heuristics()) <= 1
    twice = measures(f"{text}\n{text}")
    if text.strip() and "\n" not in text and "\r" not in text:
        assert twice["words"] == 2 * found["words"]
        assert twice["repeated_lines"] == pytest.approx(0.5) or len(text.splitlines()) > 1
