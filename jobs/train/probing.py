"""A fitted pipeline that adds up one term a feature, as coefficients: found by asking it, whatever steps it has."""

from __future__ import annotations

from typing import Any

import numpy as np

from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models import category_record
from lakehouse.scorers.nightjar_linear import Linear


def as_coefficients(pipeline: Any, rows: TrainingSet, scale: str) -> Linear:
    """The same model without scikit-learn.

    Args:
        pipeline: gives a margin by ``decision_function``, or else by ``predict``, that is a sum of one function a feature: linear
            in a number, with a value of its own where it is not known.
        rows: that it was fitted to.
        scale: how its margin becomes a score, see `Linear`.
    """
    means, spreads = _middles(rows)
    asked: list[tuple[int, float]] = []
    for position, name in enumerate(rows.names):
        if name in rows.levels:
            asked += [(position, float(code)) for code in range(len(rows.levels[name]))]
        else:
            asked += [(position, means[position]), (position, means[position] + spreads[position])]
    # First the row of which nothing is known; each other one knows one feature.
    probes = np.full((len(asked) + 1, len(rows.names)), np.nan)
    for line, (position, value) in enumerate(asked, start=1):
        probes[line, position] = value
    margins = _margins(pipeline, probes, scale)
    unknown, answers = margins[0], iter(margins[1:])
    base, terms = unknown.copy(), dict[str, dict[str, Any]]()
    for position, name in enumerate(rows.names):
        if name in rows.levels:
            levels = [(next(answers) - unknown).tolist() for _ in rows.levels[name]]
            terms[name] = {"levels": levels, "missing": np.zeros(len(unknown)).tolist()}
            continue
        middle, further = next(answers), next(answers)
        weight = (further - middle) / spreads[position]
        terms[name] = {"mean": means[position], "weight": weight.tolist(), "missing": (unknown - middle).tolist()}
        base += middle - unknown
    found = Linear({"scale": scale, "base": base.tolist(), "terms": terms, "importance": {}, "texts": {}})
    category_record.keep(found, rows.levels)
    return found


def _middles(rows: TrainingSet) -> tuple[list[float], list[float]]:
    """Each column's mean and standard deviation; 0 and 1 where it has none."""
    means, spreads = [], []
    for values in rows.features.T:
        known = values[~np.isnan(values)]
        means.append(float(known.mean()) if len(known) else 0.0)
        spreads.append((float(known.std()) if len(known) else 0.0) or 1.0)
    return means, spreads


def _margins(pipeline: Any, probes: Floats, scale: str) -> Floats:
    """Shape (probes, classes)."""
    found = np.asarray(pipeline.predict(probes) if scale == "identity" else pipeline.decision_function(probes))
    if found.ndim == 1:
        # Of two classes the first has no margin of its own.
        return np.column_stack([np.zeros(len(found)), found]) if scale == "softmax" else found[:, None]
    return found
