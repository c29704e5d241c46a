"""Other curves that were tried for the estimates: of other rows, of matured days, and none. The platform has none of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from jobs.train.estimator import Judged
from lakehouse.evaluation import estimated_metrics
from lakehouse.evaluation.calibrator import SMALLEST, Calibrator
from lakehouse.evaluation.labelled_rows import Floats
from lakehouse.evaluation.quality_estimator import in_order, measured

Said = Mapping[str, float | None]
# Of the curves that follow matured days.
RECENT_DAYS = 28
# So many days of matured labels count as much as the curve of training.
PRIOR_DAYS = 3


def said(
    judged: Judged, holdout: dt.date, kept: Calibrator, known: Sequence[Judged], first: dt.date, scored: Judged
) -> dict[str, Said]:
    """What each says of the period that begins with ``first``.

    Args:
        judged: validation and holdout of the champion.
        holdout: the first day of the latter.
        kept: the isotonic curve of training.
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
    score, decided = in_order(scored.score, scored.decided)
    chance = 1 / (1 + np.exp(-_log_odds(kept.of(score)) - _shift(kept, recent)))
    found["isotonic, moved by 28 matured days"] = _values(estimated_metrics.of_yes_or_no(score, chance, decided))
    return found


def _shift(kept: Calibrator, recent: Sequence[Judged]) -> float:
    """By how much the log-odds of the share of yes were off on matured days, less where these are few."""
    days = sum(len(np.unique(part.days)) for part in recent)
    if not days:
        return 0.0
    came = np.concatenate([part.label for part in recent]).mean()
    expected = np.concatenate([kept.of(part.score) for part in recent]).mean()
    return float(days / (days + PRIOR_DAYS) * (_log_odds(came) - _log_odds(expected)))


def _fit(parts: Sequence[Judged]) -> Calibrator:
    label, score = (np.concatenate([getattr(part, name) for part in parts]) for name in ("label", "score"))
    curve = Calibrator.fit("isotonic", label, score)
    assert curve is not None
    return curve


def _log_odds(chance: Floats | float) -> Floats:
    clipped = np.clip(chance, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)


def _values(found: estimated_metrics.Estimates) -> Said:
    return {name: None if one is None else one.value for name, one in found.items()}
