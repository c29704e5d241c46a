"""What can be proved of conditions when they are loaded: that one is never true, or true only where others are.

A condition is taken apart into cases: in each, some columns have values within limits, and what is not understood is true or false
as a whole. Proofs are sound and not complete: what can't be proved is not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lakehouse.declaration.row_rules import Node
from lakehouse.declaration.value_limits import Limits

# Of more cases nothing is claimed: `(a OR b) AND (c OR d) AND ...` has as many as there are combinations.
MOST_CASES = 256
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}
_WIDENED = {("int", "long"), ("int", "double"), ("int", "decimal"), ("long", "decimal")}


class TooMany(Exception):
    """A condition has more cases than are looked at."""


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
