"""The language of ``row_rules``: conditions in Spark's SQL across a row's columns, read and checked without Spark.

:func:`parse` is called when a declaration is loaded, and again where the rows are judged. The parser is imported only then:
a declaration without rules does not pay for it.
"""

from lakehouse.declaration.row_rules.checked import parse
from lakehouse.declaration.row_rules.types import TYPES, Node, RuleError, Type

__all__ = ["TYPES", "Node", "RuleError", "Type", "parse"]
