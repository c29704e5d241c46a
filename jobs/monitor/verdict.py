"""The decisions of monitoring, pure functions of numbers and limits: whether a day is in order, whether to retrain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from jobs.monitor import triggers
from jobs.monitor.triggers import RetrainingDecision
from lakehouse.declaration import Drift, Retrain
from lakehouse.declaration.known_events import KNOWN_EVENT

Kind = Literal["feature", "prediction", "estimate", "performance", "new category", "data", "label", "verdict"]

# A window with fewer days says more about weekdays than about drift.
FEWEST_DAYS = 3
# The statistic of the row that says how many days of a window are of known events and left out.
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class DriftCheck:
    """One statistic of a day's window against its limit: a row of the drift table.

    Attributes:
        kind, feature, statistic: what was measured.
        value: None when there was too little to measure; ``reason`` says so.
        limit: None when the use case does not watch this.
        violated: whether the value is beyond the limit.
        reason: in words, with the numbers.
    """

    kind: Kind
    feature: str
    statistic: str
    value: float | None
    limit: float | None
    violated: bool
    reason: str | None

    @property
    def excess(self) -> float:
        """The value as a multiple of its limit; 0 without either."""
        return self.value / self.limit if self.value is not None and self.limit is not None else 0.0


@dataclass(frozen=True)
class Verdict:
    """Whether a day is out of order, and why; for a day in order, what was measured."""

    violated: bool
    reasons: tuple[str, ...]


def check(kind: Kind, feature: str, statistic: str, value: float, limit: float | None, words: str) -> DriftCheck:
    """A measured statistic against its limit.

    Args:
        kind: what kind of statistic.
        feature: of what.
        statistic: its name.
        value: of the statistic; greater is worse.
        limit: above it the statistic is violated; None: recorded, not watched.
        words: what the value is, such as "PSI of the scores 0.31".
    """
    # Sums of floats differ in the last digits with Spark's order of adding; a repeated run must find equal rows.
    value = round(value, 9)
    limit = None if limit is None else round(limit, 9)
    against = "not watched" if limit is None else f"limit {limit:.3g}"
    return DriftCheck(
        kind, feature, statistic, value, limit, limit is not None and value > limit, f"{words} ({against})"
    )


def unmeasured(kind: Kind, feature: str, statistic: str, limit: float | None, why: str) -> DriftCheck:
    """A statistic with too little data to measure it: never a violation; the reason says what is missing."""
    return DriftCheck(kind, feature, statistic, None, limit, False, f"not measured: {why}")


def feature_limit(ordinary_psi: float | None, drift: Drift) -> float:
    """The PSI beyond which a feature has drifted: the declared floor, or more where ordinary weeks differ much."""
    return max(drift.feature_psi_floor, drift.feature_psi_factor * (ordinary_psi or 0.0))


def day_verdict(checks: Sequence[DriftCheck], drift: Drift) -> Verdict:
    """The day's verdict: violated when too many features have drifted, or the scores have, or their performance has.

    A single feature that drifts is recorded, and not yet a violation: some always do.
    """
    features = [check for check in checks if check.kind == "feature" and check.value is not None]
    drifted = sorted((check for check in features if check.violated), key=lambda check: check.excess, reverse=True)
    share = len(drifted) / len(features) if features else 0.0
    words = f"{len(drifted)} of {len(features)} features drifted ({share:.0%}, limit {drift.max_drifted_share:.0%})"
    if drifted:
        words += ", most of all " + ", ".join(f"{item.feature} (PSI {item.value:.2f})" for item in drifted[:3])
    facts = [check for check in checks if _told(check)]
    others = [check for check in checks if check.kind not in ("feature", "new category") and check not in facts]
    # Whatever the verdict is: the model knows nothing of a level that it has not learned.
    new = tuple(str(check.reason) for check in facts)
    too_many = share > drift.max_drifted_share
    reasons = [words] if too_many else []
    reasons += [str(check.reason) for check in others if check.violated]
    if reasons:
        return Verdict(True, (*reasons, *new))
    if any(check.statistic == KNOWN_EVENT and check.kind == "data" for check in facts):
        # Nothing of the window counts, so a count of what drifted says nothing.
        return Verdict(False, (*new, *(str(check.reason) for check in others)))
    if not features:
        words = "no feature measured"
    return Verdict(False, (words, *(str(check.reason) for check in others), *new))


def _told(check: DriftCheck) -> bool:
    """Whether it violates nothing and is told all the same."""
    if check.kind == "estimate":
        return check.excess > 1 and not check.violated
    return bool(check.value) and (check.kind == "new category" or check.statistic in (KNOWN_EVENT, LEFT_OUT))


def retraining(
    day: dt.date,
    violated: Mapping[dt.date, bool],
    drift: Drift,
    champion_trained_for: dt.date | None,
    trained_for: Sequence[dt.date],
    running: Mapping[dt.date, str] = MappingProxyType({}),
    lost: Mapping[dt.date, str] = MappingProxyType({}),
    recent: Sequence[dt.date] = (),
    passing: str = "",
) -> RetrainingDecision:
    """Whether the verdicts up to ``day`` ask for a new model, where no section ``retrain`` is declared.

    Args:
        day: the day of the verdict.
        violated: the verdicts of this and earlier days against the profile of the champion that scored ``day``.
        drift: the declared N of M and cool-down.
        champion_trained_for: the day that the present champion was trained for.
        trained_for: the days that a training was made for.
        running: the days that a training was asked for and that may still wait its turn or run, each with how long, in words.
        lost: the days that a training was asked for in vain, each with why, in words.
        recent: the newest ``of_days`` scored days up to ``day``; by default every day is one.
        passing: why what violates the day may be a spell that passes (`jobs.monitor.alarms.passing`).
    """
    known = triggers.Known(
        violated={past: frozenset({triggers.DRIFT}) if bad else frozenset() for past, bad in violated.items()},
        champion_trained_for=champion_trained_for,
        trained_for=trained_for,
        running=running,
        lost=lost,
        recent=recent,
        passing=passing,
    )
    return triggers.decide(day, Retrain(), drift, known)
