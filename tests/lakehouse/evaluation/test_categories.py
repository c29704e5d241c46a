"""Codes, levels and distributions of categories, by drawn texts."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.declaration import Drift
from lakehouse.errors import TrainingFailed
from lakehouse.evaluation import category_codes, coded_rows, feature_matrix
from lakehouse.evaluation.category_distribution import LEAST_SHARE, CategoryDistribution
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.labelled_rows import TrainingSet

TEXTS = st.lists(
    st.none() | st.sampled_from(["", "a", "b", " a", "é", "z; y", "17"]) | st.text(max_size=3), max_size=40
)


def column(texts: list[str | None], chunks: int = 1) -> pa.ChunkedArray:
    parts = np.array_split(np.array([*texts, None], dtype=object)[:-1], chunks)
    return pa.chunked_array([pa.array(part.tolist(), pa.string()) for part in parts], pa.string())


def rows_of(texts: list[str | None]) -> TrainingSet:
    codes, levels = category_codes.encoded(column(texts))
    features = np.column_stack([np.arange(len(texts), dtype=float), codes])
    days = np.full(len(texts), np.datetime64("2024-01-01"))
    return TrainingSet(("x", "c"), features, np.zeros(len(texts)), days, levels={"c": levels})


def texts_of(rows: TrainingSet) -> list[str | None]:
    return list(category_codes.texts_of(rows.features[:, 1], rows.levels["c"]))


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_codes_are_places_and_all_else_is_missing(
    texts: list[str | None], known: list[str | None], chunks: int
) -> None:
    levels = tuple(sorted({text for text in known if text is not None}))
    codes = category_codes.of_texts(column(texts, chunks), levels)
    expected = [float(levels.index(text)) if text in levels else np.nan for text in texts]
    assert np.array_equal(codes, expected, equal_nan=True)
    assert np.array_equal([category_codes.of_value(text, levels) for text in texts], codes, equal_nan=True)
    # As Spark's workers and the job read them, some as large texts.
    table = pa.table(
        {"c": column(texts, chunks).cast(pa.large_string()), "x": pa.array([1.5] * len(texts), pa.float64())}
    )
    matrix = feature_matrix.of_table(table, ("x", "c"), {"c": levels})
    assert np.array_equal(matrix[:, 1], np.array(expected, dtype=np.float32), equal_nan=True)


@given(TEXTS, TEXTS, st.integers(1, 5))
def test_rows_keep_their_texts_however_they_are_coded(one: list[str | None], two: list[str | None], most: int) -> None:
    first, second = rows_of(one), rows_of(two)
    assert texts_of(first) == one
    both = coded_rows.joined(first, second)
    assert texts_of(both) == [*one, *two] and both.levels["c"] == tuple(sorted({*one, *two} - {None}))
    assert both.features[:, 0].tolist() == [*range(len(one)), *range(len(two))]
    learned = coded_rows.learned(both, most)
    counts = Counter(text for text in [*one, *two] if text is not None)
    kept = sorted(counts, key=lambda level: (-counts[level], level))[:most]
    assert learned["c"] == tuple(sorted(kept))
    coded = coded_rows.by_levels(both, learned)
    assert texts_of(coded) == [text if text in kept else None for text in [*one, *two]]
    assert coded_rows.unseen(both, learned) == {"c": sum(counts.values()) - sum(counts[level] for level in kept)}
    # Whatever was read beside them, the same rows are the same.
    part = both.between(dt.date(2024, 1, 1), dt.date(2024, 1, 1))
    again = coded_rows.by_own_levels(coded_rows.by_levels(rows_of([*one, *two]), {"c": (*both.levels["c"], "~more")}))
    own = coded_rows.by_own_levels(part)
    assert own.levels == again.levels and np.array_equal(own.features[:, 1], again.features[:, 1], equal_nan=True)
    assert list(coded_rows.frame(both)["c"]) == [*one, *two]


def test_numbers_alone_are_left_as_they_are() -> None:
    rows = TrainingSet(("x",), np.array([[1.0], [np.nan]]), np.zeros(2), np.zeros(2, dtype="datetime64[D]"))
    assert coded_rows.by_levels(rows, coded_rows.learned(rows, 10)) is rows and coded_rows.by_own_levels(rows) is rows


def test_an_identifier_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_rows, "MOST_LEVELS", 3)
    with pytest.raises(
        TrainingFailed, match="feature c: expected a category of at most 3 levels, found 4 in 5 rows; group"
    ):
        coded_rows.learned(rows_of(["a", "b", "c", "d", "a"]), 2)


@given(TEXTS.filter(bool), TEXTS, st.integers(1, 3))
def test_every_value_is_in_one_bin(texts: list[str | None], later: list[str | None], chunks: int) -> None:
    days = np.zeros(len(texts), dtype=np.int64)
    found = CategoryDistribution.of(pd.Series(texts, dtype=object), days, 1, Drift(window_days=1))
    counts = found.counted(column(texts))
    assert counts.sum() == len(texts) and np.allclose(counts / len(texts), found.shares)
    assert counts[found.new] == 0 and found.psi(counts) == 0
    after = found.counted(column(later, chunks))
    known = {text for text in texts if text is not None}
    new = Counter(text for text in later if text is not None and text not in known)
    assert found.new_levels(column(later, chunks)) == new
    assert after.sum() == len(later) and after[found.new] == sum(new.values()) and after[-1] == later.count(None)


def test_rare_levels_share_a_bin_and_frequent_ones_have_their_own() -> None:
    texts = ["often"] * 500 + ["also"] * 480 + [f"rare {number}" for number in range(15)] + [None] * 5
    days = np.arange(1000) % 10
    found = CategoryDistribution.of(pd.Series(texts, dtype=object), days, 10, Drift(window_days=2))
    assert found.width == 2 + 3 and dict(zip(found.levels, found.bin, strict=True))["also"] == 0
    assert found.shares == pytest.approx((0.48, 0.5, 0.015, 0.0, 0.005)) and found.ordinary_psi is not None
    # The rare ones change places: nothing has drifted. A frequent one that vanishes has.
    same = found.counted(column([*["often"] * 500, *["also"] * 480, *["rare 3"] * 15, *[None] * 5]))
    gone = found.counted(column([*["often"] * 980, *["rare 3"] * 15, *[None] * 5]))
    assert found.psi(same) == 0 and found.psi(gone) > 1
    assert LEAST_SHARE == 0.01


def test_a_profile_keeps_both_kinds() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=number % 5) for number in range(50)]
    frame = pd.DataFrame({"partition": days, "x": np.arange(50.0), "c": [None, *"abcdefg"] * 6 + ["", "a"]})
    scores = pd.DataFrame({"partition": days, "score": np.linspace(0, 1, 50)})
    made = Profile.of(frame, scores, {}, Drift(window_days=2))
    assert isinstance(made.features["c"], CategoryDistribution)
    assert Profile.from_json(made.to_json()) == made
    nothing = Profile.of(frame.assign(c=pd.Series([None] * 50, dtype=object)), scores, {}, Drift(window_days=2))
    assert nothing.features["c"].shares == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("level", "words"), [("UA", "UA"), ("", '""'), (" UA", '"UA"'), ("a; b\nc", "a;b c"), ("x" * 100, "x" * 60 + "...")]
)
def test_a_level_in_a_sentence_is_seen_and_ends(level: str, words: str) -> None:
    assert category_codes.shown(level) == words
