"""Two sources of Python have the same digest when they do the same, word for word."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from lakehouse import fingerprints, settings

SOURCES = sorted((settings.PROJECT_ROOT / "jobs").rglob("*.py")) + sorted(
    (settings.PROJECT_ROOT / "lakehouse").rglob("*.py")
)
# Each way to write something stands in many modules.
SOME = SOURCES[::4]


def with_comments(source: str) -> str:
    """The source with a comment at the end of every line that may have one."""
    inside = set[int]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        inside |= set(range(token.start[0], token.end[0]))
    lines = source.splitlines()
    return "\n".join(
        line if number in inside or line.endswith("\\") else f"{line}  # said" for number, line in enumerate(lines, 1)
    )


def with_other_docstrings(source: str) -> str:
    """The source, written anew from its tree, with other docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            words = ast.Expr(ast.Constant("Other words."))
            node.body[: int(ast.get_docstring(node, clean=False) is not None)] = [words]
    return ast.unparse(ast.fix_missing_locations(tree))


@pytest.mark.parametrize("file", SOME, ids=lambda file: str(file.relative_to(settings.PROJECT_ROOT)))
def test_comments_docstrings_and_layout_make_no_difference(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    expected = fingerprints.syntax_digest(source)
    assert fingerprints.syntax_digest(with_comments(source)) == expected
    assert fingerprints.syntax_digest(with_other_docstrings(source)) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = '1'"),
        ("x = 1", "x = True"),
        ("x = 1.0", "x = 1"),
        ("f(a, b)", "f(b, a)"),
        ("f(a)(b)", "f(a, b)"),
        ("if a:\n    b\n    c", "if a:\n    b\nc"),
        ("x = a if b else c", "x = c if b else a"),
        ("def f(): 'words'; return 1", "def f(): 'words'; return 2"),
        ("x = 'no docstring'", "x = 'another'"),
        ("print(1)\n'words that are no docstring'", "print(1)"),
        ("f'{a}b'", "f'{a}c'"),
        ("a - b", "a + b"),
        ("a < b", "a <= b"),
        ("def f(a, *, b): pass", "def f(a, b): pass"),
        ("def f(a=1): pass", "def f(a=2): pass"),
        ("import a", "import a as b"),
        ("x: int = 1", "x = 1"),
    ],
)
def test_what_does_something_else_has_another_digest(one: str, other: str) -> None:
    assert fingerprints.syntax_digest(one) != fingerprints.syntax_digest(other)


def test_a_digest_is_the_same_in_every_version_of_python() -> None:
    source = "def f(a: int, *b, c=1, **d) -> str:\n    'words'\n    return f'{a!r:>{c}}' if b else [e for e in d]\n"
    assert fingerprints.syntax_digest(source) == "e312e3e11e1f6b10"
