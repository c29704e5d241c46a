"""The profile: every document is counted once a measure, and a limit keeps what it says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.explore import distributions, duplicates, limits, page, pictures
from jobs.explore.profile import COLUMNS, profile
from lakehouse import tables
from lakehouse.corpus import shingles
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_check import Limits
from lakehouse.storage import table_schema
from tests.jobs import notes

NUMBERS = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=40)


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    said: dict[str, Any] = {"words": {"least": 10, "most": 500}, "languages": ["en"], "pii": {"most": 1}}
    return notes.declare(tmp_path, monkeypatch, filter=said)


def document(words: int, reasons: str = "", **values: Any) -> dict[str, Any]:
    shares = dict.fromkeys(
        ("alphabetic_words", "bullet_lines", "ellipsis_lines", "repeated_lines", "repeated_ngrams"), 0.5
    )
    measured = {"characters": 5 * words, "words": words, "language_share": 1.0, "quality": 0.9, "mean_word_length": 4.2}
    others = {"symbols_per_word": 0.0, "common_words": 4, "pii": 0, "grade": None, "language": "en", "licence": "MIT"}
    digest = {"content_digest": f"{words}", "signature": shingles.signature(notes.text(words), 5)}
    return {**shares, **measured, **others, **digest, "reasons": reasons, "kept": not reasons, **values}


def table(dataset: Dataset, *documents: dict[str, Any]) -> pa.Table:
    declared = table_schema.arrow_schema(tables.documents(dataset))
    return pa.Table.from_pylist(list(documents), pa.schema([declared.field(name) for name in COLUMNS]))


def of(rows: list[dict[str, Any]], measure: str) -> dict[Any, tuple[int, int]]:
    return {
        row["value"] or (row["low"] if row["low"] is not None else row["high"]): (row["documents"], row["kept"])
        for row in rows
        if row["measure"] == measure
    }


@pytest.fixture
def rows(dataset: Dataset) -> list[dict[str, Any]]:
    found = table(
        dataset,
        document(100),
        document(200),
        document(200, licence=None),
        document(5, "words: 5, expected at least 10"),
        document(600, "words: 600, expected at most 500; language: de, expected en", language="de"),
        document(0, "no text", characters=0, language=""),
    )
    return list(profile(dataset, found))


def test_documents_and_kept_ones_are_counted(rows: list[dict[str, Any]]) -> None:
    assert of(rows, "documents") == {None: (6, 3)}
    assert of(rows, "language") == {"en": (4, 3), "(none)": (1, 0), "de": (1, 0)}
    assert of(rows, "licence") == {"MIT": (5, 2), "(none)": (1, 1)}
    assert of(rows, "duplicates") == {"the same text": (2, 2), "nearly the same text": (0, 0)}


def test_reasons_say_what_each_limit_rejects_and_what_it_alone_does(rows: list[dict[str, Any]]) -> None:
    assert of(rows, "reason") == {"words": (2, 0), "language": (1, 0), "no text": (1, 0)}
    assert of(rows, "reason alone") == {"words": (1, 0), "language": (0, 0), "no text": (1, 0)}


def test_a_limit_keeps_what_it_says_with_all_others_as_declared(rows: list[dict[str, Any]]) -> None:
    least = of(rows, "limit: words at least")
    assert least[5.0] == (5, 4)
    assert least[10.0] == (4, 3)
    assert least[200.0] == (3, 2)
    most = of(rows, "limit: words at most")
    assert most[500.0] == (4, 3)
    assert most[600.0] == (5, 3)
    assert most[100.0] == (2, 1)


def test_a_text_that_is_nearly_another_is_found_by_its_signature() -> None:
    text = notes.text(1, 40)
    near = text.replace("morning", "evening", 1)
    signatures = [shingles.signature(one, 5) for one in (text, notes.text(2, 40), near)]
    assert duplicates.near(signatures, 0.7).tolist() == [True, False, True]


@given(st.sampled_from(["characters", "words", "quality", "mean_word_length", "pii"]), NUMBERS)
@settings(max_examples=50)
def test_each_value_lies_in_one_bin(measure: str, drawn: list[float]) -> None:
    whole = measure in ("characters", "words", "pii")
    values = np.array([math.floor(one) for one in drawn] if whole else [one / 1e6 for one in drawn], np.float64)
    kept = values > np.median(values)
    found = list(distributions.binned(measure, values, kept))
    assert sum(row["documents"] for row in found) == len(values)
    assert sum(row["kept"] for row in found) == kept.sum()
    assert all(row["low"] < row["high"] for row in found)
    assert len(found) <= 2 * distributions.BINS + 1


@given(NUMBERS, st.floats(0, 1e6))
@settings(max_examples=50)
def test_a_higher_least_keeps_fewer_and_the_declared_one_keeps_as_many_as_are_kept(
    drawn: list[float], least: float
) -> None:
    values = np.array(drawn)
    otherwise = np.arange(len(values)) % 3 > 0
    found = list(limits.candidates("words", values, otherwise, Limits(least=least)))
    kept = [row["kept"] for row in found]
    assert kept == sorted(kept, reverse=True)
    declared = next(row for row in found if row["low"] == least)
    assert declared["documents"] == (values >= least).sum()
    assert declared["kept"] == (otherwise & (values >= least)).sum()


def test_many_rare_values_are_one_bin() -> None:
    values = [f"x{at:03}" for at in range(100)] + ["often"] * 5
    found = list(distributions.by_value("licence", values, np.ones(105, np.bool_)))
    assert (found[0]["value"], found[0]["documents"]) == ("often", 5)
    assert (found[-1]["value"], found[-1]["documents"]) == (distributions.OTHERS, 71)
    assert sum(row["documents"] for row in found) == 105


def test_the_page_is_one_file_in_which_data_is_text(dataset: Dataset, rows: list[dict[str, Any]]) -> None:
    named = [*rows, {**rows[0], "measure": "reason", "value": "<script>x</script>"}]
    named.append({**named[-1], "measure": "reason alone"})
    drawn = {"measures": b"drawn", "limits": b""}
    html = page.html(dataset, notes.DAY, named, drawn)
    assert "6 documents, 3 of them kept" in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "http" not in html.replace("data:image", "")


def test_pictures_are_drawn_of_any_profile(dataset: Dataset, rows: list[dict[str, Any]]) -> None:
    none = list(profile(dataset, table(dataset, document(0, "no text", characters=0, language=""))))
    for draw in (pictures.histograms, pictures.values, pictures.kept_by_limits):
        assert pictures.png(draw(dataset, rows)).startswith(b"\x89PNG")
        assert draw(dataset, none).axes is not None
