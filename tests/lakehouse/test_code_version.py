"""The digest of the code: the same for the same files, wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse import code_version


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of some modules, and other files."""
    for name in ("one/b.py", "one/b/a.py", "one/b-c.py", "one/b c/d.py", "one/B.py", "one/b/c/a.py", "two/é.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    (tmp_path / "one" / "page.md").write_text("no code")
    monkeypatch.setattr(code_version, "PROJECT_ROOT", tmp_path)
    code_version.digest.cache_clear()
    yield tmp_path
    code_version.digest.cache_clear()


def test_it_is_that_of_the_paths_and_bytes_of_all_modules_in_the_order_of_their_paths(project: Path) -> None:
    content = hashlib.sha256()
    for folder in ("two", "one"):
        for file in sorted((project / folder).rglob("*.py")):
            content.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes() + b"\0")
    assert code_version.digest("two", "one") == content.hexdigest()[:12]


@pytest.mark.parametrize("changed", ["one/b/c/a.py", "one/new.py"])
def test_a_changed_module_and_a_new_one_change_it_and_another_file_does_not(project: Path, changed: str) -> None:
    before = code_version.digest("one")
    code_version.digest.cache_clear()
    (project / "one" / "page.md").write_text("changed")
    assert code_version.digest("one") == before
    code_version.digest.cache_clear()
    (project / changed).write_text("changed")
    assert code_version.digest("one") != before
