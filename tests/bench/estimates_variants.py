"""Other curves that were tried for the estimates: of other rows, of matured days, and none. The platform has none of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from jobs.train.estimator import Judged
from lakehouse.evaluation import estimated_metrics
from lakehouse.evaluation.calibrator import Calibrator
from lakehouse.evaluation.quality_estimator import measured

Said = Mapping[str, float | None]
# Of the curve that follows matured days.
RECENT_DAYS = 28


def said(judged: Judged, holdout: dt.date, known: Sequence[Judged], first: dt.date, scored: Judged) -> dict[str, Said]:
    """What each says of the period that begins with ``first``.

    Args:
        judged: validation and holdout of the champion.
        holdout: the first day of the latter.
        known: its periods before, with their labels.
        first: the day of the period.
        scored: its rows.
    """
    newer = judged.days >= np.datetime64(holdout)
    since = np.datetime64(first - dt.timedelta(days=RECENT_DAYS))
    recent = [part.where(part.days >= since) for part in known]
    curves = {
        "isotonic, on validation alone": _fit([judged.where(~newer)]),
        "isotonic, on the holdout alone": _fit([judged.where(newer)]),
        "no curve: scores as chances": Calibrator("platt"),
        "isotonic, on 28 matured days": _fit([judged.where(judged.days >= since), *recent]),
    }
    found: dict[str, Said] = {}
    for name, curve in curves.items():
        found[name] = _values(measured((curve,), scored.score, scored.decided))
    return found


def _fit(parts: Sequence[Judged]) -> Calibrator:
    label, score = (np.concatenate([getattr(part, name) for part in parts]) for name in ("label", "score"))
    curve = Calibrator.fit("isotonic", label, score)
    assert curve is not None
    return curve


def _values(found: estimated_metrics.Estimates) -> Said:
    return {name: None if one is None else one.value for name, one in found.items()}
