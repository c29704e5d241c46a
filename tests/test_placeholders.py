"""A text with a {name} in it is a template, or its f is missing and people read the braces."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT_ROOT

ROOMS = ("dags", "include", "jobs", "lakehouse", "plugins", "stack", "tests")
# {name}, {name.field}, {name[0]}, {name!r} and {name:.2f}; neither {{ a Jinja template }} nor YAML such as {each: 5}.
PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)(?:[.\[][^{}]*)?(?:![rsa])?(?::[^\s{}][^{}]*)?\}(?!\})")
# Placeholders of others: {object} is the table in a rule of the Open Data Contract Standard.
OF_OTHERS = {"object"}


def braces(code: str) -> Iterator[tuple[int, str]]:
    """Line and name of each placeholder that no f-string and no call of format fills in."""
    tree = ast.parse(code)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and prose(node)}
    filled_in = {keyword.arg for node in ast.walk(tree) if is_format(node) for keyword in node.keywords}
    routes = dict(of_routes(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        names = {match[1] for match in PLACEHOLDER.finditer(node.value)} - OF_OTHERS - routes.get(id(node), set())
        if names - filled_in and not is_program(node.value):
            yield from ((node.lineno, name) for name in sorted(names - filled_in))


def prose(node: ast.AST) -> bool:
    return bool(node.body) and isinstance(node.body[0], ast.Expr)


def is_format(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def of_routes(tree: ast.AST) -> Iterator[tuple[int, set[str]]]:
    """The texts in decorators such as ``router.get``, with the arguments of their functions, which fill them in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {argument.arg for argument in node.args.args}
            yield from (
                (id(text), names)
                for call in node.decorator_list
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "get"
                for text in call.args
            )


def is_program(text: str) -> bool:
    """Whether the text is Python with f-strings of its own, for another process."""
    try:
        return any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(textwrap.dedent(text))))
    except SyntaxError:
        return False


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('print("see python -m jobs {stage} --help")', ["stage"]),
        ('f"see python -m jobs {{stage}} --help"', ["stage"]),
        ('f"see python -m jobs {stage} --help"', []),
        ('print("took {seconds:.1f} s of {limits[0]}")', ["limits", "seconds"]),
        ('SQL = "select {day}"\nSQL.format(day=1)', []),
        ('@router.get("/use-cases/{name}")\ndef page(name): ...', []),
        ('"{{ dag_run.conf }} {each: 5} {}"', []),
        ('@router.get("/days/{day}/{gone}")\ndef of(day): ...', ["gone"]),
    ],
)
def test_a_name_in_braces_is_found_where_nothing_fills_it_in(code: str, found: list[str]) -> None:
    assert [name for _, name in braces(code)] == found


@pytest.mark.parametrize("room", ROOMS)
def test_no_text_has_a_placeholder_that_nothing_fills_in(room: str) -> None:
    found = [
        f"{file.relative_to(PROJECT_ROOT)}:{line}: {{{name}}}"
        for file in sorted((PROJECT_ROOT / room).rglob("*.py"))
        if file != Path(__file__).resolve()
        for line, name in braces(file.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)
