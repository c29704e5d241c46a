"""A limit: what is declared, what is proposed, and how often ordinary days exceed each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from jobs.calibrate.rates import Rate
from jobs.calibrate.tail import Tail

# The sections of a declaration.
DRIFT, GATE = "drift", "gate"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One field of the declaration.

    Attributes:
        section: of the declaration, ``drift`` or ``gate``.
        field: its name.
        declared: None where it is not declared: nothing is watched.
        proposed: None where there was nothing to measure; ``note`` says what was missing.
        quantile: of ordinary values, on which the proposed value is expected to stand; None where it stands on none.
        median: of the measured values.
        greatest: of the measured values.
        at_declared: how many of the measured values exceeded the declared value.
        at_proposed: how many exceeded the proposed one.
        note: what a reader should know.
    """

    section: str
    field: str
    declared: float | None
    proposed: float | None
    quantile: float | None = None
    median: float | None = None
    greatest: float | None = None
    at_declared: Rate | None = None
    at_proposed: Rate | None = None
    note: str = ""

    @property
    def changed(self) -> bool:
        """Whether another value is proposed than is declared."""
        return self.proposed is not None and self.proposed != self.declared


def of_values(
    section: str,
    field: str,
    declared: float | None,
    values: Sequence[float],
    effective: float,
    rate: float,
    least: float,
    most: float = float("inf"),
    step: float | None = None,
    note: str = "",
) -> Limit:
    """The limit that a fresh ordinary value exceeds with the chance ``rate``.

    Args:
        section: of the declaration.
        field: of the section.
        declared: its value now.
        values: measured on ordinary days, greater is worse.
        effective: how many independent ones they stand for.
        rate: the chance.
        least: no smaller limit is proposed.
        most: no greater one.
        step: a limit is a multiple of this; two digits when it is None.
        note: see ``Limit``.
    """
    if not values:
        return Limit(
            section=section, field=field, declared=declared, proposed=None, note=note or "nothing to measure it on"
        )
    tail = Tail.of(values, effective)
    raw = max(tail.limit(rate), least)
    proposed = min(rounded_up(raw, step), most)
    expected = tail.expected(proposed)
    if expected > rate * 1.5:
        few = f"{tail.effective:.3g} independent values are few: {expected * 100:.2g} % of ordinary ones are expected beyond it"
        note = f"{note}; {few}" if note else few
    return Limit(
        section=section,
        field=field,
        declared=declared,
        proposed=proposed,
        quantile=1 - expected,
        median=tail.median,
        greatest=tail.greatest,
        at_declared=None if declared is None else Rate.of((value > declared for value in values), effective),
        at_proposed=Rate.of((value > proposed for value in values), effective),
        note=note,
    )


def rounded_up(value: float, step: float | None = None) -> float:
    """The value with two digits, or as a multiple of ``step`` with four digits after the point, never less than it is."""
    number = Decimal(repr(value))
    if step is not None:
        steps = (number / Decimal(repr(step)) - Decimal("1e-9")).to_integral_value(ROUND_CEILING)
        return float((steps * Decimal(repr(step))).quantize(Decimal("0.0001"), ROUND_CEILING))
    if not number:
        return 0.0
    return float(number.quantize(Decimal(1).scaleb(number.adjusted() - 1), ROUND_CEILING))
