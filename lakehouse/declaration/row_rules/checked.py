"""Checking a rule against the contract's columns: from text to nodes whose types fit."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lakehouse.declaration.row_rules import calls, conversions, literals, operators
from lakehouse.declaration.row_rules.catalogue import REFUSED
from lakehouse.declaration.row_rules.tree import ARITHMETIC, CAST_TYPES, COMPARISONS, CONDITIONS, called, chain
from lakehouse.declaration.row_rules.types import BOOLEAN, INTERVAL, NULL, TYPES, Node, RuleError

if TYPE_CHECKING:
    from sqlglot import exp

# An expression is walked through with a few calls a level, and Python has a thousand.
MOST_DEEP = 60


def parse(expression: str, columns: Mapping[str, str]) -> Node:
    """The checked condition.

    Args:
        expression: the rule's text.
        columns: the type of each column of the contract.

    Raises:
        RuleError: it is no condition on these columns; the message says what was expected and found.
    """
    return _parse(expression, tuple(columns.items()))


@lru_cache(maxsize=1_000)
def _parse(expression: str, columns: tuple[tuple[str, str], ...]) -> Node:
    from lakehouse.declaration.row_rules import dialect

    node = _Checker(dict(columns)).node(dialect.read(expression))
    if node.type != BOOLEAN:
        raise RuleError(f"expected a condition that is true or false, found {node}")
    return node


class _Checker:
    def __init__(self, columns: dict[str, str]) -> None:
        self._columns = columns
        self._depth = 0

    def node(self, tree: Any) -> Node:
        """The node of a part of the tree."""
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise RuleError(f"is nested deeper than {MOST_DEEP} levels, a + b + c being two; write several rules")
        result = self._node(tree)
        self._depth -= 1
        return result

    def _node(self, tree: Any) -> Node:
        kind = type(tree).__name__
        if kind in COMPARISONS:
            return operators.compared(COMPARISONS[kind], self._inner(tree.this), self._inner(tree.expression))
        if kind in ARITHMETIC:
            return operators.calculated(ARITHMETIC[kind], self._inner(tree.this), self._inner(tree.expression))
        known: Callable[[Any], Node] | None = getattr(self, f"_{kind.lower()}", None)
        if known is None:
            raise RuleError(f"{called(kind)} is not known in a row rule; docs/sources.md lists what is")
        return known(tree)

    def _inner(self, tree: exp.Expression) -> Node:
        """An operand: no condition that stands there without parentheses."""
        inner: Any = tree.this if type(tree).__name__ == "Not" else tree
        if type(inner).__name__ in CONDITIONS or type(tree).__name__ == "Not":
            raise RuleError("a condition within a condition is expected in parentheses: (a < b) = c, a < b AND b < c")
        return self.node(tree)

    def _condition(self, tree: exp.Expression) -> Node:
        node = self.node(tree)
        if node.type != BOOLEAN:
            raise RuleError(f"expected a condition that is true or false beside AND, OR, NOT or WHEN, found {node}")
        return node

    def _paren(self, tree: exp.Paren) -> Node:
        return self.node(tree.this)

    def _column(self, tree: exp.Column) -> Node:
        if len(tree.parts) != 1 or type(tree.this).__name__ != "Identifier":
            raise RuleError(f"expected the name of a column, found {'.'.join(part.name for part in tree.parts)}")
        name = tree.name.lower()
        if name not in self._columns:
            if reason := REFUSED.get(name):
                raise RuleError(f"{name} is refused: it {reason}")
            near = difflib.get_close_matches(name, self._columns, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise RuleError(f"unknown column {tree.name}{meant}; expected one of {', '.join(self._columns)}")
        return Node("column", TYPES[self._columns[name]], value=name)

    def _literal(self, tree: exp.Literal) -> Node:
        return literals.text(tree.name) if tree.is_string else literals.number(tree.name)

    def _boolean(self, tree: exp.Boolean) -> Node:
        return Node("literal", BOOLEAN, value=bool(tree.this))

    def _null(self, tree: exp.Null) -> Node:
        return Node("literal", NULL)

    def _neg(self, tree: exp.Neg) -> Node:
        if type(tree.this).__name__ == "Literal" and not tree.this.is_string:
            return literals.number("-" + tree.this.name)
        return operators.negated(self._inner(tree.this))

    def _and(self, tree: exp.And) -> Node:
        return Node("and", BOOLEAN, tuple(self._condition(part) for part in chain(tree)))

    def _or(self, tree: exp.Or) -> Node:
        return Node("or", BOOLEAN, tuple(self._condition(part) for part in chain(tree)))

    def _not(self, tree: exp.Not) -> Node:
        return Node("not", BOOLEAN, (self._condition(tree.this),))

    def _is(self, tree: exp.Is) -> Node:
        wanted = tree.expression
        if type(wanted).__name__ == "Null":
            return Node("isnull", BOOLEAN, (self._inner(tree.this),))
        if type(wanted).__name__ != "Boolean":
            raise RuleError("expected IS [NOT] NULL, TRUE or FALSE")
        inner = self._inner(tree.this)
        if inner.type != BOOLEAN:
            raise RuleError(f"IS TRUE and IS FALSE expect a boolean, found {inner}")
        return Node("istrue", BOOLEAN, (inner,), value=bool(wanted.this))

    def _between(self, tree: exp.Between) -> Node:
        if tree.args.get("symmetric"):
            raise RuleError("BETWEEN SYMMETRIC is not known in a row rule")
        value, low, high = (self._inner(tree.args[name]) for name in ("this", "low", "high"))
        both = (operators.compared(">=", value, low), operators.compared("<=", value, high))
        return Node("and", BOOLEAN, both)

    def _nullsafeneq(self, tree: exp.NullSafeNEQ) -> Node:
        return Node("not", BOOLEAN, (operators.compared("<=>", self._inner(tree.this), self._inner(tree.expression)),))

    def _in(self, tree: exp.In) -> Node:
        if not tree.expressions or any(
            value for name, value in tree.args.items() if name not in ("this", "expressions")
        ):
            raise RuleError("IN expects a list of values: IN ('rye', 'oat')")
        return operators.listed(self._inner(tree.this), [self._inner(item) for item in tree.expressions])

    def _like(self, tree: exp.Like, escape: str = "\\") -> Node:
        ignore_case = type(tree).__name__ == "ILike"
        found = operators.like(self._inner(tree.this), self._inner(tree.expression), escape, ignore_case)
        return Node("not", BOOLEAN, (found,)) if tree.args.get("negate") else found

    _ilike = _like

    def _escape(self, tree: exp.Escape) -> Node:
        negated = type(tree.this).__name__ == "Not"
        inner: Any = tree.this.this if negated else tree.this
        escape = self.node(tree.expression)
        if type(inner).__name__ not in ("Like", "ILike") or escape.op != "literal" or len(str(escape.value)) != 1:
            raise RuleError("ESCAPE expects one character after LIKE or ILIKE")
        found = self._like(inner, str(escape.value))
        return Node("not", BOOLEAN, (found,)) if negated else found

    def _regexplike(self, tree: exp.RegexpLike) -> Node:
        return calls.called("regexp_like", [self._inner(tree.this), self._inner(tree.expression)])

    def _dpipe(self, tree: exp.DPipe) -> Node:
        return calls.called("concat", [self._inner(tree.this), self._inner(tree.expression)])

    def _case(self, tree: exp.Case) -> Node:
        branches: list[tuple[Node, Node]] = []
        for branch in tree.args["ifs"]:
            if tree.this is None:
                when = self._condition(branch.this)
            else:
                when = operators.compared("=", self._inner(tree.this), self._inner(branch.this))
            branches.append((when, self.node(branch.args["true"])))
        default = tree.args.get("default")
        return operators.chosen(branches, Node("literal", NULL) if default is None else self.node(default))

    def _if(self, tree: exp.If) -> Node:
        parts = [part for part in (tree.this, tree.args.get("true"), tree.args.get("false")) if part is not None]
        return calls.called("if", [self.node(part) for part in parts])

    def _anonymous(self, tree: exp.Anonymous) -> Node:
        return calls.called(tree.name, tree.expressions, self.node)

    def _trycast(self, tree: Any) -> Node:
        target = CAST_TYPES.get(tree.to.this.name) if not tree.to.expressions else None
        if target is None or any(tree.args.get(name) for name in ("format", "action", "default")):
            raise RuleError(f"CAST expects one of the types {', '.join(TYPES)}, found {tree.to.sql('spark').lower()}")
        if target == "double" and type(tree.this).__name__ == "Literal" and not tree.this.is_string:
            # 1.5D
            return literals.number(f"{tree.this.name}e0" if "e" not in tree.this.name.lower() else tree.this.name)
        return conversions.cast(self.node(tree.this), TYPES[target], may_fail=not tree.args.get("safe"))

    def _cast(self, tree: Any) -> Node:
        # DATE '...' and TIMESTAMP '...'; sqlglot's name for CAST(...) is TryCast.
        return literals.moment(tree.this.name, TYPES[CAST_TYPES.get(tree.to.this.name, "date")])

    def _interval(self, tree: Any) -> Node:
        unit = tree.args.get("unit")
        if type(tree.this).__name__ != "Literal" or type(unit).__name__ != "Var":
            raise RuleError("expected an interval of one unit: INTERVAL 2 HOURS")
        return Node("literal", INTERVAL, value=literals.interval(tree.this.name, str(unit.name)))
