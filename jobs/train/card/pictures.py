"""The pictures of a model card: of those that the run has, how right the holdout's scores are, and what they use."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

CAPTIONS = {
    "calibration": "Calibration: of rows with about that score, which share came true; on the line is right",
    "predicted_and_actual": "Predicted and actual values; on the line is right",
    "feature_importance": "What the model uses: each feature's share of the total gain",
}
OF_TASK = {
    "classification": ("calibration", "feature_importance"),
    "regression": ("predicted_and_actual", "feature_importance"),
}


def of(task: str, drawn: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
    """Each with its caption, itself as text for HTML (base64), and the name that the run has it by for Markdown.

    Args:
        task: ``classification`` or ``regression``.
        drawn: the run's pictures, PNG by name (plots/<name>.png).
    """
    for name in OF_TASK[task]:
        yield {"name": name, "caption": CAPTIONS[name], "png": base64.b64encode(drawn[name]).decode()}
