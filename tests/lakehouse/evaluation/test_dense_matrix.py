"""A matrix of plain numbers needs no SciPy, and is the one that XGBoost makes."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
import numpy as np
from lakehouse.evaluation import dense_matrix
from lakehouse.models import xgboost_model

xgboost_model.import_alone()
import xgboost

rows = np.array([[0.5, np.nan], [1.5, 2.5]], dtype=np.float32)
made = dense_matrix.of_rows(rows)
assert "scipy.sparse" not in sys.modules
# Who imports it afterwards has it.
assert (made.get_data().toarray() == xgboost.DMatrix(rows).get_data().toarray()).all()
assert "scipy.sparse" in sys.modules
assert dense_matrix.of_rows(rows).num_nonmissing() == made.num_nonmissing() == 3
import scipy.sparse
assert scipy.sparse.csr_matrix((1, 1)).shape == (1, 1)
"""


@pytest.mark.process
def test_rows_become_a_matrix_without_scipy_s_sparse_ones() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
