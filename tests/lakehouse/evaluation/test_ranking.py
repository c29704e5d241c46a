"""The rankings, to the digit those of scikit-learn: stored metrics must not change with what computes them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from lakehouse.evaluation import blocks, metrics
from lakehouse.evaluation.ranking import Curve

ROWS = st.integers(2, 300)
TIES = {"no ties": None, "some ties": 3, "many ties": 1, "two scores": 0}


@pytest.mark.parametrize("ties", TIES)
@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rows=ROWS,
    share=st.floats(0.02, 0.98),
    ascending=st.booleans(),
    sign=st.sampled_from([1, -1]),
)
def test_they_are_scikit_learns_to_the_digit(
    ties: str, seed: int, rows: int, share: float, ascending: bool, sign: int
) -> None:
    random = np.random.default_rng(seed)
    label = (random.random(rows) < share).astype(float)
    label[:2] = 0, 1
    score = sign * (random.random(rows) + 0.2 * label)
    score = score if TIES[ties] is None else score.round(TIES[ties])
    if ascending:
        order = np.lexsort((label, score))
        label, score = label[order], score[order]
    curve = Curve.of(label, score)
    assert curve.roc_auc() == sk.roc_auc_score(label, score)
    assert curve.average_precision() == sk.average_precision_score(label, score)


@pytest.mark.parametrize("ties", TIES)
@settings(deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 400), share=st.floats(0.02, 0.98), block=st.integers(1, 150))
def test_blocks_of_any_length_give_the_same_digits(ties: str, seed: int, rows: int, share: float, block: int) -> None:
    random = np.random.default_rng(seed)
    label = (random.random(rows) < share).astype(float)
    label[:2] = 0, 1
    score = random.random(rows)
    score = score if TIES[ties] is None else score.round(TIES[ties])

    def measured() -> tuple[float, float, float | None]:
        curve = Curve.of(label, score)
        return curve.roc_auc(), curve.average_precision(), metrics.value("log_loss", label, score)

    whole = measured()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "ROWS", block)
        assert measured() == whole
