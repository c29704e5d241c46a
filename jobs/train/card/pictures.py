"""The pictures of a model card."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jobs.train import curves, plots
from lakehouse.declaration import UseCase
from lakehouse.training_set import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(use_case: UseCase, label: Floats, score: Floats, importance: Mapping[str, float]) -> Iterable[dict[str, str]]:
    """Each with its name, its caption, and itself as text (PNG, base64): how right the holdout's scores are, and what they use."""
    if use_case.binary:
        what = "Calibration: of rows with about that score, which share came true; on the line is right"
        yield _picture("calibration", what, curves.calibration(label, score))
    else:
        what = "Predicted and actual values; on the line is right"
        yield _picture("predicted_and_actual", what, curves.predicted(label, score))
    what = "What the model uses: each feature's share of the total gain"
    yield _picture("feature_importance", what, plots.what_it_uses(importance))


def _picture(name: str, caption: str, figure: Figure) -> dict[str, str]:
    """The picture itself for HTML, and the name that the run has it by (plots/<name>.png) for Markdown."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=90)
    return {"name": name, "caption": caption, "png": base64.b64encode(out.getvalue()).decode()}
