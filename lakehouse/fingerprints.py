"""Fingerprints: short digests of what a row was made from, by which a rerun knows that nothing has changed."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

# A column read from the log's statistics must be at most 32 characters long.
LENGTH = 16

# What the parser notes and Python does not run.
_NOT_RUN = frozenset({"type_comment", "kind", "ctx"})
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(*parts: object) -> str:
    """The fingerprint of the parts' texts, in their order."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:LENGTH]


def syntax_digest(source: str) -> str:
    """The fingerprint of what Python code does: of its syntax tree, without comments, docstrings and layout.

    The same in every version of Python that parses the code to the same tree.

    Raises:
        SyntaxError: when ``source`` is no Python.
    """
    return digest(*_nodes(ast.parse(source)))


def _nodes(node: ast.AST) -> Iterator[str]:
    """The nodes in order: each by its type, its fields by their names, and values as they are written."""
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        if isinstance(node, _WITH_DOCSTRING) and name == "body" and ast.get_docstring(node, clean=False) is not None:
            value = value[1:]
        if isinstance(node, ast.JoinedStr):
            # Some versions of Python 3.12 end a nested format with an empty text.
            value = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        # Fields that are empty are left out: a newer Python has more of them.
        if name in _NOT_RUN or value is None or value == []:
            continue
        yield name
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield from _nodes(item)
            else:
                yield repr(item)
        yield "end"
