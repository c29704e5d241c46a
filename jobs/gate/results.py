"""What the gate decides from: a challenger's and a champion's numbers, all of them measured before the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.declaration import Fairness

Metrics = Mapping[str, float | None]

# The two-sided certainty of the intervals on which a model is promoted or held. With 95 % equal models pass now and then more
# often than one time in twenty: days are few, and their differences have longer tails than the normal distribution.
CERTAINTY = 0.975


@dataclass(frozen=True)
class IntervalEstimate:
    """A difference, its interval (None where the days do not give one), and what it rests on.

    Attributes:
        value: in the metric's unit.
        low: the interval's lower end.
        high: its upper end.
        rows: number of labelled rows.
        days: number of days that they are from.
    """

    value: float
    low: float | None
    high: float | None
    rows: int
    days: int

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.low is not None and self.low > 0

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval is below zero."""
        return self.high is not None and self.high < 0


@dataclass(frozen=True)
class SliceGain:
    """By how much the challenger is better than the champion on the rows of one slice; negative: worse."""

    name: str
    value: str
    gain: IntervalEstimate


@dataclass(frozen=True)
class SliceGap:
    """The challenger's metric on a slice less that on all rows, for a fairness limit."""

    limit: Fairness
    value: str
    gap: IntervalEstimate


@dataclass(frozen=True)
class BaselineGain:
    """By how much the challenger is better than a baseline on the gate's metric; None where it is not defined.

    Attributes:
        name: of the baseline.
        challenger: the challenger's metric on the rows of its holdout.
        baseline: the baseline's.
        gain: the difference, negative where the challenger is worse.
    """

    name: str
    challenger: float | None
    baseline: float | None
    gain: IntervalEstimate | None


@dataclass(frozen=True)
class ChallengerResult:
    """The version that the gate decides on.

    Attributes:
        metrics: on the holdout.
        gaps: of the declared fairness limits, on each slice that can be measured.
        baselines: the comparison with each baseline, where the gate compares with them.
        missing: what its lineage lacks, in words; it is not measured then.
    """

    metrics: Metrics
    gaps: tuple[SliceGap, ...] = ()
    baselines: tuple[BaselineGain, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChampionResult:
    """The champion that the challenger is compared with.

    Attributes:
        version: its number.
        metrics: on the same rows as the challenger's; None when it could not be measured.
        gain: by how much the challenger is better on the gate's metric; None when one of the two has none.
        slices: the same for each slice.
        unseen: whether the holdout has days that the champion was not trained on.
        unusable: why it can't score the feature table as it is now; empty when it can.
        note: what a reader should know about the comparison; may be empty.
    """

    version: int
    metrics: Metrics | None = None
    gain: IntervalEstimate | None = None
    slices: tuple[SliceGain, ...] = ()
    unseen: bool = True
    unusable: str = ""
    note: str = ""
