"""What a model card says of a label of several classes: how each turned out, the costs, and which was decided for which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lakehouse.declaration import UseCase, class_names, metric_names
from lakehouse.declaration.class_catalogue import PER_CLASS
from lakehouse.evaluation.labelled_rows import Floats


def content(use_case: UseCase, result: Mapping[str, Any]) -> dict[str, Any] | None:
    """``metrics``: a line a class; ``confusion``: a line a class that came, a number a class that was decided; ``costs``: likewise,
    None without declared costs. None for a label that has not several classes.
    """
    if not use_case.classes:
        return None
    measured = result["metrics"].get("model", {})
    counts = {(line["true"], line["decided"]): line["rows"] for line in result.get("confusion") or ()}
    costs = class_names.cost_matrix(use_case.costed_model, use_case.label)
    return {
        "names": use_case.classes,
        "columns": PER_CLASS,
        "metrics": [
            {
                "name": name,
                "values": [measured.get(metric_names.of_a_class(metric, class_names.in_column(name))) for metric in PER_CLASS],
            }
            for name in use_case.classes
        ],
        "confusion": [
            {"name": true, "values": [counts.get((true, other)) for other in use_case.classes]} for true in use_case.classes
        ],
        "costs": None
        if costs is None
        else [{"name": true, "values": row} for true, row in zip(use_case.classes, costs, strict=True)],
    }  # fmt: skip


def shares(use_case: UseCase, label: Floats) -> str:
    """The share of each class among labels, in words."""
    if not use_case.classes or not len(label):
        return ""
    counted = np.bincount(label.astype(np.int64), minlength=len(use_case.classes)) / len(label)
    return ", ".join(f"{name} {share:.1%}" for name, share in zip(use_case.classes, counted, strict=True))
