"""The digest of a use case's transform changes with what its code does, and with nothing else."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.declaration import loader, transform
from lakehouse.errors import DeclarationError

BAKERY = Path(__file__).parents[2] / "use_cases" / "bakery_sales"
HELPER = '''"""A helper of the bakery's."""

WEIGHT = 3


def weighted(value):
    """The value, weighted."""
    return value * WEIGHT
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The bakery in a package of its own, whose transform imports a helper beside it, and through it one that is shared."""
    root = tmp_path / "brought"
    made = Path(shutil.copytree(BAKERY, root / "bakery_sales"))
    (root / "__init__.py").touch()
    (made / "__init__.py").touch()
    (made / "helper.py").write_text(f"{HELPER}\nfrom brought import shared\n")
    (root / "shared.py").write_text("LIMIT = 1\n")
    (made / "demo.py").write_text("NIGHTS = 7\n")
    file = made / "features.py"
    file.write_text(
        file.read_text().replace("\nfrom pyspark", "\nfrom brought.bakery_sales import helper\nfrom pyspark", 1)
    )
    assert "import helper" in file.read_text()
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield made
    for name in [name for name in sys.modules if name.split(".")[0] == "brought"]:
        del sys.modules[name]


def digest() -> str:
    return transform.code_digest(loader.by_name("bakery_sales"))


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def test_the_modules_are_the_transform_and_what_it_imports(folder: Path) -> None:
    modules = transform.own_modules(folder / transform.FILE)
    expected = [folder / "features.py", folder / "helper.py", folder.parent / "shared.py"]
    packages = [folder / "__init__.py", folder.parent / "__init__.py"]
    assert modules == {file.resolve() for file in [*expected, *packages]}


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("features.py", "from __future__", "# a comment\nfrom __future__"),
        ("helper.py", "A helper of the bakery's.", "Other words."),
        ("helper.py", "The value, weighted.", "Other words."),
        ("helper.py", "value * WEIGHT", "(value   *   WEIGHT)  # laid out otherwise"),
        ("demo.py", "7", "8"),
    ],
)
def test_words_layout_and_other_modules_make_no_difference(folder: Path, file: str, before: str, after: str) -> None:
    made = digest()
    change(folder / file, before, after)
    assert digest() == made


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("helper.py", "WEIGHT = 3", "WEIGHT = 4"),
        ("helper.py", "value * WEIGHT", "value + WEIGHT"),
        ("../shared.py", "1", "2"),
        ("use_case.yaml", "first: ", "first: 1"),
        ("features.py", "def build(", "OTHER = 1\n\n\ndef build("),
    ],
)
def test_a_constant_an_expression_or_an_imported_helper_makes_a_difference(
    folder: Path, file: str, before: str, after: str
) -> None:
    made = digest()
    change(folder / file, before, after)
    assert digest() != made


def test_a_module_that_is_no_python_is_named(folder: Path) -> None:
    (folder / "helper.py").write_text("def (\n")
    with pytest.raises(DeclarationError, match=r"helper\.py: expected Python: invalid syntax"):
        digest()


def test_a_transform_that_can_not_be_imported_names_its_file(folder: Path) -> None:
    (folder / "features.py").write_text("import a_module_that_is_not_there\n")
    with pytest.raises(DeclarationError, match=r"features\.py: can't be imported: ModuleNotFoundError"):
        transform.load(loader.by_name("bakery_sales"))
