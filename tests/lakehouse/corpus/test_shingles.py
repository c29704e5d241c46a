from __future__ import annotations

import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.corpus import shingles
from tests.jobs import notes

TEXTS = st.text("ab cdE. ,1é\u0301\u4e2d\u6587\u0e01\u0e31\u00ad\U0001f600_", max_size=30)


def words(text: str) -> list[str]:
    """The words of a text, character by character."""
    found, inside = list[str](), False
    for sign in unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()):
        category = unicodedata.category(sign)
        if category == "Cf":
            continue
        if category[0] not in "LNM":
            inside = False
        elif unicodedata.name(sign).startswith(("CJK", "THAI")):
            found.append(sign)
            inside = False
        elif inside:
            found[-1] += sign
        else:
            found.append(sign)
            inside = True
    return found


def runs(text: str, ngram: int) -> set[tuple[str, ...]]:
    found = words(text) or (["".join(text.split())] if text.strip() else [])
    width = min(ngram, len(found))
    return {tuple(found[at : at + width]) for at in range(len(found) - width + 1)} if width else set()


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_texts_have_as_many_hashes_in_common_as_runs_of_words(one: str, other: str, ngram: int) -> None:
    left, right = shingles.hashes(one, ngram), shingles.hashes(other, ngram)
    assert len(left) == len(runs(one, ngram))
    assert len(np.intersect1d(left, right)) == len(runs(one, ngram) & runs(other, ngram))


@given(st.text(max_size=40), st.integers(1, 20))
def test_any_text_has_sorted_hashes_and_a_signature_of_the_least(text: str, ngram: int) -> None:
    found = shingles.hashes(text, ngram)
    assert (np.diff(found.astype(object)) > 0).all()
    assert np.array_equal(shingles.least(shingles.signature(text, ngram)), found[: shingles.SIGNATURE_HASHES])


def test_a_long_text_has_a_signature_of_sixty_four() -> None:
    assert len(shingles.least(shingles.signature(notes.text(1, 40), 5))) == 64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\uff26\uff55\uff4c\uff4c width", "full WIDTH"),
        ("Straße und Fluß", "STRASSE UND FLUSS"),
        ("a-b, c!", "A b c"),
        ("\u00e9", "e\u0301"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_writing_makes_no_difference(one: str, other: str) -> None:
    assert shingles.signature(one, 2) == shingles.signature(other, 2) != ""


def test_order_of_words_makes_one() -> None:
    assert not len(np.intersect1d(shingles.hashes("one two three", 2), shingles.hashes("three one two one", 3)))
    assert shingles.signature("one two", 2) != shingles.signature("two one", 2)


def test_an_empty_text_has_no_run() -> None:
    assert shingles.signature(" \n", 5) == ""
    assert len(shingles.least("")) == 0


@pytest.mark.parametrize(
    ("text", "ngram", "expected"),
    [
        ("the quick brown fox", 5, "cA5wDqIF1Fo="),
        ("\u4e2d\u6587 caf\u00e9", 2, "h34V9HKlLnX+LJaxsQqw5w=="),
    ],
)
def test_signatures_stay_what_they_are(text: str, ngram: int, expected: str) -> None:
    assert shingles.signature(text, ngram) == expected


@pytest.mark.process
def test_another_process_makes_the_same_signature() -> None:
    code = "from lakehouse.corpus import shingles; print(shingles.signature('caf\\u00e9 au lait, s\\u2019il vous pla\\u00eet', 2))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == shingles.signature("caf\u00e9 au lait, s\u2019il vous pla\u00eet", 2)
