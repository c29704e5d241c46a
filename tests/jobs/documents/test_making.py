"""A row becomes a document, whatever its text is: nothing of it stops the others of its day."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from jobs.documents.making import Maker
from lakehouse.corpus import pii
from lakehouse.declaration.dataset_documents import Documents, TextKind
from lakehouse.ops.erasures import Tombstones, hashed
from tests.jobs import notes

PIECES = st.sampled_from(
    ["a.b@example.org", "+49 30 1234567", "4111 1111 1111 1111", "<p>", "<div><", "&#43;49 30 1234567", "a&#64;b.org", "**",
     "[x](y)", "```\n", "- ", "\n\n", "\x00", "\ud800", "\u202e", "e\u0301" * 40, "שלום עולם", "日本語", "\u200b", "<!--",
     "DE89370400440532013000"]
)  # fmt: skip


def maker(kind: TextKind = "plain", erased: Tombstones | None = None) -> Maker:
    said = Documents(source=notes.SOURCE, id="note", text="body", format=kind, title="title")
    columns = ("note", "title", "body")
    return Maker("notes", said, 5, None, columns, "digest", erased or Tombstones())


def row(name: str, body: str | None, **values: Any) -> dict[str, Any]:
    return {"note": name, "title": None, "body": body, "delivery_id": "d", **values}


@given(
    st.sampled_from(["markdown", "html", "plain"]),
    st.one_of(st.text(st.characters(), max_size=60), st.lists(PIECES, max_size=8).map("".join)),
)
@drawn(max_examples=50)
def test_any_text_becomes_a_document_without_anything_of_persons(kind: TextKind, text: str) -> None:
    (found,) = maker(kind).make([row("a", text)])
    assert pii.counts(found["text"]) == {}
    assert found["content_digest"] == hashlib.sha256(found["text"].encode()).hexdigest()
    assert found["characters"] == len(found["text"])
    assert (found["words"] > 0) == bool(found["text"])
    assert maker(kind).make([row("a", text)]) == [found]


def test_what_decides_a_document_is_its_own_row_and_no_other() -> None:
    one, other = maker().make([row("a", "A text."), row("b", "A text.")])
    assert one["measured_from"] != other["measured_from"]
    assert maker().measured_from(row("a", "A text.", delivery_id="e")) == one["measured_from"]
    assert maker().measured_from(row("a", "A text!")) != one["measured_from"]


def test_erased_documents_are_left_out() -> None:
    erased = Tombstones("salt", frozenset({hashed("salt", "a")}))
    assert [found["document_id"] for found in maker(erased=erased).make([row("a", "x"), row("b", "y")])] == ["b"]


@pytest.mark.parametrize("kind", ["markdown", "html", "plain"])
def test_a_maker_makes_the_same_after_it_was_sent_to_another_process(kind: TextKind) -> None:
    first = maker(kind)
    made = first.make([row("a", notes.text(1))])
    assert pickle.loads(pickle.dumps(first)).make([row("a", notes.text(1))]) == made
