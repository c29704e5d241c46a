"""A process that only scores does not wait for what it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xgboost

SCORE = """
import sys
from pathlib import Path
import numpy as np
from lakehouse.models import xgboost_model

booster = xgboost_model.load(Path(sys.argv[1]).read_bytes())
kept_out = {"sklearn", "scipy", "scipy.stats", "scipy.sparse", "scipy.special", "xgboost.sklearn", "xgboost.plotting"}
assert not kept_out & sys.modules.keys()
print(*booster.inplace_predict(np.array([[0.1], [0.9], [np.nan]])))
from sklearn import metrics
assert metrics.roc_auc_score([0, 1], [0, 1]) == 1
from scipy import sparse, special
assert special.softmax([0.0, 0.0])[0] == 0.5
print(*booster.inplace_predict(sparse.csr_matrix([[0.1], [0.9]])))
import xgboost
assert not hasattr(xgboost, "XGBNothing") and not isinstance(booster, xgboost.XGBModel)
from xgboost import XGBModel, compat, plot_tree, plotting, sklearn
assert (xgboost.sklearn.XGBModel, plotting.plot_tree) == (XGBModel, plot_tree)
print(*booster.predict(xgboost.DMatrix(sparse.csr_matrix([[0.1], [0.9]]))))
assert sklearn.softmax([0.0, 0.0])[0] == 0.5
assert compat.concat([sparse.csr_matrix([[1.0]]), sparse.csr_matrix([[2.0]])]).shape == (2, 1)
"""


@pytest.mark.process
def test_a_worker_scores_without_scikit_learn_and_can_have_it_afterwards(tmp_path: Path) -> None:
    rows = np.array([[0.0], [0.2], [0.8], [1.0]] * 10)
    booster = xgboost.train({"max_depth": 1}, xgboost.DMatrix(rows, rows[:, 0]), 5)
    (tmp_path / "model.ubj").write_bytes(bytes(booster.save_raw("ubj")))
    command = [sys.executable, "-c", SCORE, str(tmp_path / "model.ubj")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = booster.inplace_predict(np.array([[0.1], [0.9], [np.nan]]))
    assert np.allclose([float(value) for value in done.stdout.split()], [*expected, *expected[:2], *expected[:2]])
