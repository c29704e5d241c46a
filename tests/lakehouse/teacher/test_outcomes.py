"""What looks like an answer and is none has a state of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.teacher import reply
from lakehouse.teacher.outcomes import outcome
from lakehouse.teacher.reply import Complaint, Reply, Usage
from tests.lakehouse.teacher.asking import drawn

DOCUMENT = (
    "Arrow is a format for tables in memory. It has libraries in many languages. They share memory without copies."
)
INSTRUCTION = "Write a summary of two sentences for people in a hurry, in plain words and without any list."


def state(text: str, finish_reason: str | None = "stop", **more: Any) -> str:
    return outcome(Reply(text, finish_reason=finish_reason, **more), DOCUMENT, INSTRUCTION, ("Leider kann ich",))


@pytest.mark.parametrize(
    "text",
    [
        "Arrow keeps tables in memory, for many languages.",
        "Sorry state of affairs: tables were copied. Arrow ends that.",
        "Apology letters are what this text is about.",
        "As an air carrier would say, memory is shared.",
        "I/O can't be avoided, says the text.",
        "A summary of two sentences is hard, and people write about plain words.",
    ],
)
def test_an_answer_is_one(text: str) -> None:
    assert state(text) == "answered"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I can’t assist with this request.",  # noqa: RUF001
        "Sorry, but as a language model I have no access.",
        "**I cannot summarise this document.**",
        "Unfortunately, I am unable to do so.",
        "As an AI language model, I do not have opinions.",
        "My apologies, but this is against my rules.",
        "I must decline.",
        "We cannot provide a summary of this text.",
        "I won't do that.",
        "This request violates our policy.",
        "  \n I do not see any document in your message.",
        "Leider kann ich das nicht.",
    ],
)
def test_words_that_refuse_are_no_answer(text: str) -> None:
    assert state(text) == "refused"


@pytest.mark.parametrize(
    "text",
    [
        DOCUMENT,
        DOCUMENT.upper().replace(".", " !"),
        f"Here it is: {DOCUMENT}",
        INSTRUCTION,
        f"{INSTRUCTION} Sure!",
        "summary of two sentences",
        "BEGIN DOCUMENT 0123456789abcdef\nArrow\nEND DOCUMENT 0123456789abcdef",
    ],
)
def test_what_was_sent_is_no_answer(text: str) -> None:
    assert state(text) == "echo"


@pytest.mark.parametrize("reason", ["length", "max_tokens", "tool_calls", "something new", None, ""])
def test_an_answer_that_does_not_end_by_itself_is_cut_off(reason: str | None) -> None:
    assert state("Arrow keeps tables", reason) == "truncated"


def test_a_refusal_by_its_field_or_its_reason_is_one_whatever_the_text() -> None:
    assert state("Arrow keeps tables.", refusal="No.") == "refused"
    assert state("Arrow keeps", "content_filter") == "refused"
    assert state(" \n", "stop") == state("", "length") == "empty"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "usage",
                    "prompt_tokens",
                    "completion_tokens",
                    "error",
                    "code",
                    "finish_reason",
                    "refusal",
                    "text",
                    "model",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@drawn
@given(json_values | st.binary(max_size=30))
def test_whatever_comes_is_a_reply_a_complaint_or_refused_with_words(content: Any) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    try:
        found = reply.read(body)
    except ValueError as error:
        assert str(error)
        return
    assert isinstance(found, Reply | Complaint)
    if isinstance(found, Reply):
        found.text.encode()
        assert outcome(found, DOCUMENT, INSTRUCTION) in ("answered", "truncated", "refused", "empty", "echo")


def body(content: Any, **more: Any) -> bytes:
    return json.dumps({"choices": [{"finish_reason": "stop", "message": {"content": content}}], **more}).encode()


def test_a_content_in_parts_is_their_text_and_a_lone_surrogate_is_replaced() -> None:
    parts = [{"type": "text", "text": "Arrow "}, {"type": "image"}, {"type": "text", "text": "keeps\ud83d"}]
    assert reply.read(body(parts)) == Reply("Arrow keeps\ufffd", finish_reason="stop")


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 0}, Usage(7, 0)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": 7}, None),
        ({"prompt_tokens": -7, "completion_tokens": 3}, None),
        ({"prompt_tokens": "7", "completion_tokens": 3}, None),
        ({"prompt_tokens": True, "completion_tokens": 3}, None),
        ({"prompt_tokens": 7, "completion_tokens": 2**70}, None),
        (None, None),
    ],
)
def test_a_usage_that_cannot_be_is_none(usage: Any, read: Usage | None) -> None:
    found = reply.read(body("x", usage=usage))
    assert isinstance(found, Reply) and found.usage == read
