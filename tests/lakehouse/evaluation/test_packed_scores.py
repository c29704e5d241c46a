"""Score and label in one number."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.evaluation import blocks
from lakehouse.evaluation.packed_scores import PackedScores

LABEL = np.array([1.0, np.nan, 0.0, 1.0, 0.0])
SCORE = np.array([0.5, 0.25, 0.5, 0.125, np.inf])


def packed(label: np.ndarray, score: np.ndarray) -> PackedScores:
    found = PackedScores.of(label, score)
    assert found is not None
    return found


@pytest.mark.parametrize(("last", "size"), [(0.75, np.uint32), (0.1, np.uint64), (1e300, np.uint64)])
def test_they_are_as_small_as_the_scores_allow_and_give_them_back(last: float, size: type) -> None:
    score = np.append(SCORE, last)
    found = packed(np.append(LABEL, 1.0), score)
    assert found.words.dtype == size
    own = found.at(found.known())
    assert own.label().tolist() == [True, False, True, False, True]
    assert own.score().tolist() == score[[0, 2, 3, 4, 5]].tolist()


def test_labelled_rows_come_by_score_and_then_by_label() -> None:
    own = packed(LABEL, SCORE)
    label, score = own.at(own.known()).ascending()
    assert (label.tolist(), score.tolist()) == ([1, 0, 1, 0], [0.125, 0.5, 0.5, np.inf])


def test_the_score_of_a_row_without_a_label_may_be_anything() -> None:
    for score in (np.nan, -1.0, 1e300):
        own = packed(LABEL, np.where(np.isnan(LABEL), score, SCORE))
        assert own.words.dtype == np.uint32 and own.known().tolist() == [True, False, True, True, True]


@pytest.mark.parametrize(("label", "score"), [(2.0, 0.5), (0.5, 0.5), (1.0, -0.5), (1.0, np.nan)])
def test_other_labels_and_scores_are_not_packed_wherever_they_stand(label: float, score: float) -> None:
    many = blocks.ROWS + 1
    assert PackedScores.of(np.append(np.ones(many), label), np.append(np.full(many, 0.5), score)) is None
