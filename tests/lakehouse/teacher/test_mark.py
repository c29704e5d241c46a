"""What is a mark, and what only looks like one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.teacher import mark
from tests.lakehouse.teacher.asking import drawn


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("0.8", 0.8),
        (" 1\n", 1.0),
        ("0", 0.0),
        ("1.00", 1.0),
        (".25", 0.25),
        ('{"score": 0.5}', 0.5),
        ('{"score": 1, "reason": "says all"}', 1.0),
        ('{"score": 5e-1}', 0.5),
        ('```json\n{"score": 0.3, "reason": "a\\nb"}\n```', 0.3),
        ("```\n0.3\n```\n", 0.3),
    ],
)
def test_a_number_from_0_to_1_is_a_mark(answer: str, expected: float) -> None:
    assert mark.of(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "8",
        "8/10",
        "0.8/1",
        "80%",
        "0,8",
        "-0.5",
        "+0.5",
        "1.01",
        "1e-1",
        "nan",
        "inf",
        "\u0660.\u0665",
        "Score: 0.8",
        "0.8.",
        "I give it 0.8",
        "0.8\n0.9",
        "[0.8]",
        "true",
        '"0.8"',
        '{"score": "0.8"}',
        '{"score": true}',
        '{"score": null}',
        '{"score": 7}',
        '{"score": -0.1}',
        '{"score": NaN}',
        '{"score": Infinity}',
        '{"score": 1e999}',
        '{"score": [0.5]}',
        '{"score": 0.1, "score": 0.9}',
        '{"mark": 0.5}',
        '{"score": 0.5',
        'Here it is: {"score": 0.5}',
        '{"score": 0.5} {"score": 0.9}',
        "[" * 50_000,
        "{" + '"a":{' * 20_000,
        '{"score": ' + "9" * 10_000 + "}",
        "0." + "1" * 200_000,
    ],
    ids=lambda answer: answer[:20],
)
def test_anything_else_is_none(answer: str) -> None:
    assert mark.of(answer) is None


@drawn
@given(st.text(max_size=30) | st.floats().map(repr) | st.integers().map(str))
def test_whatever_comes_a_mark_lies_between_0_and_1(answer: str) -> None:
    for text in (answer, f'{{"score": {answer}}}', f"```\n{answer}\n```"):
        found = mark.of(text)
        assert found is None or 0 <= found <= 1


@drawn
@given(st.floats(0, 1), st.text(max_size=20))
def test_every_mark_that_is_written_as_json_is_read_as_it_is(value: float, reason: str) -> None:
    written = json.dumps({"score": value, "reason": reason})
    assert mark.of(written) == mark.of(f"```json\n{written}\n```") == value
