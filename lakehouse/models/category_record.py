"""The levels of a model's categories, kept in the model's own file: its SHA-256 covers them, and each reader of the file has them.

XGBoost carries texts with a booster as attributes; this one is JSON. A model of numbers alone has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Levels = Mapping[str, tuple[str, ...]]

# jobs/train/tracking/nightjar_model.py reads it too, and stands alone.
ATTRIBUTE = "nightjar_levels"


def keep(booster: Any, levels: Levels) -> None:
    """Put the levels into the model; a level's code is its place."""
    if levels:
        booster.set_attr(**{ATTRIBUTE: json.dumps(dict(levels), ensure_ascii=False)})


def levels_of(booster: Any) -> Levels:
    """The levels of each category that the model reads; none for a model of numbers alone."""
    written = booster.attr(ATTRIBUTE)
    return {name: tuple(levels) for name, levels in json.loads(written).items()} if written else {}


def feature_types(names: Sequence[str], categories: Mapping[str, Any]) -> list[str] | None:
    """XGBoost's type of each feature; None where all are numbers."""
    return ["c" if name in categories else "q" for name in names] if categories else None
