"""All commits go through lakehouse/storage/commits.py and the modules beside it: what stands behind that door can change."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT_ROOT

DOOR = tuple(
    PROJECT_ROOT / "lakehouse/storage" / name
    for name in ("commits.py", "table_shape.py", "file_layout.py", "file_commits.py", "rewriting.py", "purging.py")
)
# Their statements are of other databases: a temporary one, gone with the process; one that scores are delivered to.
OF_NO_LAKEHOUSE = tuple(
    PROJECT_ROOT / path for path in ("lakehouse/extraction/row_store.py", "jobs/erase/delivered/sql_rows.py")
)
ROOMS = ("jobs", "lakehouse", "include", "stack", "dags", "plugins")

FUNCTIONS = frozenset({"write_deltalake", "convert_to_deltalake"})
FRAME_METHODS = frozenset({"saveAsTable", "insertInto", "writeTo", "writeStream"})
# Methods of a DeltaTable, delta-rs' or Spark's.
TABLE_METHODS = frozenset(
    {
        "alter",
        "create",
        "create_write_transaction",
        "createIfNotExists",
        "createOrReplace",
        "delete",
        "merge",
        "optimize",
    }
    | {"repair", "replace", "restore", "restoreToVersion", "update", "vacuum"}
)
SQL = re.compile(
    r"\s*(ALTER\s+TABLE|CREATE\s+(OR\s+REPLACE\s+)?TABLE|DROP\s+TABLE|INSERT\s+(INTO|OVERWRITE)|MERGE\s+INTO|OPTIMIZE\s|REPLACE\s+TABLE|"
    r"RESTORE\s+TABLE|TRUNCATE\s+TABLE|VACUUM\s|DELETE\s+FROM|UPDATE\s+\S+\s+SET)",
    re.IGNORECASE,
)


def commits_in(code: str) -> list[str]:
    """The places where a module commits to a Delta table, each with its line."""
    tree = ast.parse(code)
    places = {*_functions(tree), *_frames(tree), *_tables(tree), *_statements(tree)}
    return [f"{line}: {what}" for line, what in sorted(places)]


def _functions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.alias | ast.Name | ast.Attribute) and (name := _name(node)) in FUNCTIONS:
            yield node.lineno, name


def _frames(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """A frame's ``write`` is a property, and that of a file is called. That of a command line's arguments is a switch."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or _chain(node.value) == ["arguments"]:
            continue
        if node.attr in FRAME_METHODS or (node.attr == "write" and id(node) not in called):
            yield node.lineno, f".{node.attr}"


def _tables(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Methods in a chain that begins with ``DeltaTable``, or with a variable or a parameter that holds one."""
    names = {"DeltaTable", "opened", "open_at"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and "DeltaTable" in _chain(node.value):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.arg) and node.annotation is not None and "DeltaTable" in _chain(node.annotation):
            names.add(node.arg)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TABLE_METHODS and names & set(_chain(node.value)):
            yield node.lineno, f".{node.attr}"


def _statements(tree: ast.Module) -> Iterator[tuple[int, str]]:
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            match = SQL.match(node.value)
            if match is not None:
                yield node.lineno, " ".join(match[0].upper().split())


def _name(node: ast.alias | ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else node.name


def _chain(node: ast.expr) -> list[str]:
    """The names of ``a.b(c).d``: d, b, a."""
    if isinstance(node, ast.Attribute):
        return [node.attr, *_chain(node.value)]
    if isinstance(node, ast.Call):
        return _chain(node.func)
    return [node.id] if isinstance(node, ast.Name) else []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import deltalake\ndeltalake.write_deltalake(path, rows)", "2: write_deltalake"),
        ("from deltalake import write_deltalake as put", "1: write_deltalake"),
        ("from deltalake import DeltaTable\nDeltaTable(path).delete()", "2: .delete"),
        ("from deltalake import DeltaTable\ntable = DeltaTable(path)\ntable.optimize.compact()", "3: .optimize"),
        ("from deltalake import DeltaTable\nDeltaTable.create(path, schema)", "2: .create"),
        ("delta_log.opened(table).vacuum(0)", "1: .vacuum"),
        ("def clean(table: DeltaTable):\n    table.vacuum(0)", "2: .vacuum"),
        ("deltalake.DeltaTable(path).restore(3)", "1: .restore"),
        ("from delta.tables import DeltaTable\nDeltaTable.forPath(spark, path).merge(rows, on)", "2: .merge"),
        ("frame.write.format('delta').save(path)", "1: .write"),
        ("writer = frame.select('a').write\nwriter.save(path)", "1: .write"),
        ("frame.writeTo('silver.a').append()", "1: .writeTo"),
        ("spark.sql(f'ALTER TABLE delta.`{path}` ADD COLUMNS (a int)')", "1: ALTER TABLE"),
        ("spark.sql('''\n  merge into silver.a using b on a.id = b.id''')", "1: MERGE INTO"),
        ("spark.sql(f'OPTIMIZE {name}')", "1: OPTIMIZE"),
    ],
)
def test_a_commit_is_recognised_in_any_form(code: str, found: str) -> None:
    assert found in commits_in(code)


@pytest.mark.parametrize(
    "code",
    [
        '"""Merge into the rows of another."""',
        "file.write(text)",
        "from deltalake import DeltaTable\njobs = {}\njobs.update(more)",
        "from deltalake import DeltaTable\nDeltaTable(path).version()",
        "frame.merge(other)",
        "'optimized'",
    ],
)
def test_what_commits_nothing_is_no_commit(code: str) -> None:
    assert commits_in(code) == []


def test_only_the_door_commits() -> None:
    files = [path for room in ROOMS for path in sorted((PROJECT_ROOT / room).rglob("*.py"))]
    files = [path for path in files if path not in (*DOOR, *OF_NO_LAKEHOUSE)]
    assert len(files) > 100
    elsewhere = {str(path.relative_to(PROJECT_ROOT)): _read(path) for path in files}
    assert {path: places for path, places in elsewhere.items() if places} == {}


def test_the_door_itself_is_seen_to_commit() -> None:
    """Or the test before this one would pass for a search that finds nothing."""
    kinds = {place.partition(": ")[2] for file in DOOR for place in _read(file)}
    assert kinds >= {"write_deltalake", ".create", ".create_write_transaction", ".optimize", ".vacuum", ".alter"}


def test_spark_commits_nothing() -> None:
    """It looks whether a version is there and then renames, and one of two of its commits can be lost."""
    kinds = {place.partition(": ")[2] for file in DOOR for place in _read(file)}
    assert not kinds & {".write", ".writeTo", ".saveAsTable", ".insertInto"} | {
        kind for kind in kinds if kind.isupper()
    }


def _read(path: Path) -> list[str]:
    return commits_in(path.read_text(encoding="utf-8"))
