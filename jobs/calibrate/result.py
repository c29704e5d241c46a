"""The result of calibrate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs.calibrate.gate_margins import Promotions
from jobs.calibrate.limit import Limit
from jobs.calibrate.outcome import Outcome
from jobs.result import Result


@dataclass(frozen=True, kw_only=True)
class CalibrateResult(Result):
    """Limits and margins with their false-alarm rates. ``status`` is ``measured``, ``written`` or ``unchanged``.

    Attributes:
        use_case: its name.
        first: the first watched day.
        last: the last one.
        days: how many of them have rows.
        windows: how many windows that share no day they hold.
        refits: the days that models were trained for.
        parameters: where their parameters are from.
        rate: the share of ordinary days that may be violated.
        expected: the share of fresh ordinary days that the proposed limits are expected to call violated, at most. More than
            ``rate`` where there are too few weeks to promise it.
        limits: each field of drift and gate.
        drift_declared, drift_proposed: days violated and retrainings asked for, by the declared and by the proposed limits.
        gate_declared, gate_proposed: promotions of equal models, and of retrained ones, likewise.
        written: the file that got the proposed values; None where none was asked for or nothing had to change.
    """

    use_case: str
    first: dt.date
    last: dt.date
    days: int
    windows: float
    refits: list[dt.date]
    parameters: str
    rate: float
    expected: float
    limits: list[Limit]
    drift_declared: Outcome
    drift_proposed: Outcome
    gate_declared: Promotions
    gate_proposed: Promotions
    written: str | None = None
