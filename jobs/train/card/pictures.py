"""The pictures of a model card, from those of the run: how right the holdout's scores are, and what the model uses."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

CAPTIONS = {
    "calibration": "Calibration: of rows with about that score, which share came true; on the line is right",
    "predicted_and_actual": "Predicted and actual values; on the line is right",
    "calibration_by_class": "Calibration of each class: of rows with about that probability, which share was of the class",
    "confusion_matrix": "What was decided of the rows of each class; on the diagonal is right",
    "feature_importance": "What the model uses: each feature's share of it",
}
OF_TASK = {
    "classification": ("calibration", "feature_importance"),
    "regression": ("predicted_and_actual", "feature_importance"),
    "multiclass": ("confusion_matrix", "calibration_by_class", "feature_importance"),
}


def captioned(task: str, pictures: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
    """Each picture as ``caption``, ``png`` (base64, for HTML) and ``name`` (its name in the run, for Markdown).

    Args:
        task: ``classification``, ``regression`` or ``multiclass``.
        pictures: those of the run, PNG by name (plots/<name>.png).
    """
    for name in OF_TASK[task]:
        yield {"name": name, "caption": CAPTIONS[name], "png": base64.b64encode(pictures[name]).decode()}
