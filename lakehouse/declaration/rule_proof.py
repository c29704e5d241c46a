"""What can be proved of conditions when they are loaded: that one is never true, or true only where others are.

A condition is taken apart into cases: in each, some columns have values within limits, and what is not understood is true or false
as a whole. Proofs are sound and not complete: what can't be proved is not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lakehouse.declaration.row_rules import Node

# Of more cases nothing is claimed: `(a OR b) AND (c OR d) AND ...` has as many as there are combinations.
MOST_CASES = 256
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}
_WIDENED = {("int", "long"), ("int", "double"), ("int", "decimal"), ("long", "decimal")}


class TooMany(Exception):
    """A condition has more cases than are looked at."""


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


@dataclass(frozen=True)
class Case:
    """One way for a condition to be true: limits of columns, and the parts, by their text, that are true or false as a whole."""

    limits: Mapping[str, Limits] = field(default_factory=dict)
    parts: frozenset[tuple[bool, str]] = frozenset()

    def both(self, other: Case) -> Case | None:
        """Both at once; None: they exclude one another."""
        limits = dict(self.limits)
        for name, one in other.limits.items():
            found = limits[name].both(one) if name in limits else one
            if found is None or found.nothing:
                return None
            limits[name] = found
        parts = self.parts | other.parts
        return None if any((not true, text) in parts for true, text in parts) else Case(limits, parts)

    def within(self, other: Case) -> bool:
        """Whether this case is one of the other."""
        named = all(self.limits.get(name, Limits()).within(one) for name, one in other.limits.items())
        return named and other.parts <= self.parts


def cases(condition: Node, world: Case) -> list[Case]:
    """The cases in which a condition is true; ``world`` has what is known of its columns.

    Raises:
        TooMany: there are more than are looked at.
    """
    return _joined([[world], _cases(condition, True)])


def implied(some: Sequence[Case], by: Sequence[Case]) -> bool:
    """Whether each of the cases is provably among the others."""
    return all(any(one.within(other) for other in by) for one in some)


def score_beyond(cap: float | None, floor: float | None, name: str) -> list[Case]:
    """The cases in which a score is changed by these bounds."""
    found = [] if cap is None else [Case({name: Limits(low=cap, above=True, null=False)})]
    return found if floor is None else [*found, Case({name: Limits(high=floor, below=True, null=False)})]


def joined(some: Sequence[Case], others: Sequence[Case]) -> list[Case]:
    """One of both at once.

    Raises:
        TooMany: there are more than are looked at.
    """
    return _joined([some, others])


def _joined(parts: Sequence[Sequence[Case]]) -> list[Case]:
    found = [Case()]
    for part in parts:
        found = [both for one in found for other in part if (both := one.both(other)) is not None]
        if len(found) > MOST_CASES:
            raise TooMany
    return found


def _cases(node: Node, wanted: bool) -> list[Case]:
    """The cases in which a node is true, or with ``wanted`` False those in which it is false; null is neither."""
    match node.op:
        case "literal":
            return [Case()] if node.value is wanted else []
        case "column":
            return [Case({str(node.value): Limits(among=frozenset({wanted}), null=False)})]
        case "not":
            return _cases(node.args[0], not wanted)
        case "and" | "or":
            if (node.op == "and") == wanted:
                return _joined([_cases(part, wanted) for part in node.args])
            return [case for part in node.args for case in _cases(part, wanted)]
        case "isnull" if (name := _column(node.args[0])) is not None:
            return [Case({name: Limits(null=wanted)})]
        case "in" if (name := _column(node.args[0])) is not None:
            listed = frozenset(node.value)
            return [Case({name: Limits(among=listed, null=False) if wanted else Limits(without=listed, null=False)})]
        case "istrue" if wanted:
            return _cases(node.args[0], bool(node.value))
    if node.op in _SWAPPED and (limited := _compared(node, wanted)) is not None:
        return [limited]
    return [Case(parts=frozenset({(wanted, repr(node))}))]


def _compared(node: Node, wanted: bool) -> Case | None:
    """A comparison of a column with what is written out; None for others."""
    (left, right), sign = node.args, node.op
    if left.op == "literal":
        left, right, sign = right, left, _SWAPPED[sign]
    name = _column(left)
    if name is None or right.op != "literal" or right.value is None:
        return None
    value, sign = right.value, sign if wanted else _NEGATED[sign]
    limits = {
        "=": Limits(among=frozenset({value})),
        "<>": Limits(without=frozenset({value})),
        "<": Limits(high=value, below=True),
        "<=": Limits(high=value),
        ">": Limits(low=value, above=True),
        ">=": Limits(low=value),
    }[sign]
    return Case({name: replace(limits, null=False)})


def _column(node: Node) -> str | None:
    """The name of a column, also of one whose values were made of a wider type without changing."""
    if node.op == "cast" and (node.args[0].type.name, node.type.name) in _WIDENED:
        node = node.args[0]
    return str(node.value) if node.op == "column" else None


def _tighter(one: tuple[Any, bool], other: tuple[Any, bool], sign: int) -> tuple[Any, bool]:
    """Of two lower (``sign`` 1) or upper (-1) bounds the tighter one."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] or other[1]
    return one if (one[0] > other[0]) == (sign > 0) else other
