"""The values that a column may have: between bounds, among some, without some, null or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """The values that a column may have.

    Attributes:
        low, high: bounds; None: none. ``above`` and ``below``: whether the bound itself is outside.
        among: the only values; None: any.
        without: values that it does not have.
        null: whether it is null; None: either.
    """

    low: Any = None
    high: Any = None
    above: bool = False
    below: bool = False
    among: frozenset[Any] | None = None
    without: frozenset[Any] = frozenset()
    null: bool | None = None

    def has(self, value: Any) -> bool:
        """Whether a value is within the limits."""
        if self.null or value in self.without or (self.among is not None and value not in self.among):
            return False
        if self.low is not None and (value < self.low or (self.above and value == self.low)):
            return False
        return self.high is None or not (value > self.high or (self.below and value == self.high))

    @property
    def values(self) -> frozenset[Any] | None:
        """The values within the limits where these are a list."""
        return None if self.among is None else frozenset(value for value in self.among if self.has(value))

    @property
    def nothing(self) -> bool:
        """Whether no value, and not null, is within the limits."""
        if self.null:
            return self.bounded
        if self.among is not None:
            return not self.values and self.null is False
        if self.low is None or self.high is None:
            return False
        crossed = self.low > self.high or (
            self.low == self.high and (self.above or self.below or not self.has(self.low))
        )
        return bool(crossed) and self.null is False

    @property
    def bounded(self) -> bool:
        """Whether it says anything of values, which are not null then."""
        return self.low is not None or self.high is not None or self.among is not None or bool(self.without)

    def both(self, other: Limits) -> Limits | None:
        """What is within both; None: nothing is."""
        if self.null is not None and other.null is not None and self.null != other.null:
            return None
        low, above = _tighter((self.low, self.above), (other.low, other.above), 1)
        high, below = _tighter((self.high, self.below), (other.high, other.below), -1)
        listed = [one.among for one in (self, other) if one.among is not None]
        among = frozenset.intersection(*listed) if listed else None
        null = self.null if self.null is not None else other.null
        found = Limits(low, high, above, below, among, self.without | other.without, null)
        return None if found.nothing else found

    def within(self, other: Limits) -> bool:
        """Whether all that these limits allow is within the others, too."""
        if other.null is not None and self.null != other.null:
            return False
        if self.null:
            return True
        if self.values is not None:
            return all(other.has(value) for value in self.values)
        if other.among is not None:
            return False
        if other.low is not None and (
            self.low is None or self.low < other.low or (self.low == other.low and other.above and not self.above)
        ):
            return False
        if other.high is not None and (
            self.high is None or self.high > other.high or (self.high == other.high and other.below and not self.below)
        ):
            return False
        return not any(self.has(value) for value in other.without)


def _tighter(one: tuple[Any, bool], other: tuple[Any, bool], sign: int) -> tuple[Any, bool]:
    """Of two lower (``sign`` 1) or upper (-1) bounds the tighter one."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] or other[1]
    return one if (one[0] > other[0]) == (sign > 0) else other
