"""NannyML's own estimates of the same rows, by its package in another Python: the platform does not depend on it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NAMES = ("roc_auc", "precision", "recall")
# One chunk a day of a calendar that is made up, so that chunks are the same rows as ours.
SCRIPT = """
import json, sys
import nannyml, pandas
read = lambda name: pandas.read_parquet(f"{sys.argv[1]}/{name}.parquet")
names = json.loads(sys.argv[2])
estimator = nannyml.CBPE(
    y_pred_proba="score", y_pred="decided", y_true="label", timestamp_column_name="moment", metrics=names,
    problem_type="classification_binary", chunk_period="D",
)
estimator.fit(read("reference"))
found = estimator.estimate(read("analysis")).filter(period="analysis").to_df()
print(json.dumps([{name: row[(name, "value")] for name in names} for _, row in found.iterrows()]))
"""


@dataclass(frozen=True)
class Piece:
    """Rows with the chunk that each belongs to; labels may be NaN."""

    label: np.ndarray[tuple[int], np.dtype[np.float64]]
    score: np.ndarray[tuple[int], np.dtype[np.float64]]
    decided: np.ndarray[tuple[int], np.dtype[Any]]
    chunk: np.ndarray[tuple[int], np.dtype[np.int64]]

    def frame(self, start: str) -> pd.DataFrame:
        """As NannyML takes it."""
        moment = pd.Timestamp(start) + pd.to_timedelta(self.chunk, unit="D")
        columns = {"label": self.label, "score": self.score, "decided": self.decided.astype(np.int64)}
        return pd.DataFrame({**columns, "moment": moment})


def cbpe(python: str, reference: Piece, analysis: Piece) -> list[dict[str, float | None]]:
    """Its estimates of each chunk of ``analysis``, in order."""
    with tempfile.TemporaryDirectory() as folder:
        reference.frame("2000-01-01").to_parquet(Path(folder) / "reference.parquet")
        analysis.frame("2010-01-01").drop(columns="label").to_parquet(Path(folder) / "analysis.parquet")
        command = [python, "-c", SCRIPT, folder, json.dumps(NAMES)]
        # Its own packages, and none of this project's.
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=own)
    if done.returncode:
        raise SystemExit(
            f"{python}: expected a Python with NannyML (pip install nannyml==0.13.1 statsmodels):\n{done.stderr[-2000:]}"
        )
    found: list[dict[str, float | None]] = json.loads(done.stdout.splitlines()[-1])
    return [{"log_loss": None, "brier": None, **line} for line in found]
