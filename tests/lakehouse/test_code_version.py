"""The code's version: a digest of its files, which is not made again while they are the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse import code_version


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of two files, and a home of its own."""
    for folder in ("jobs", "lakehouse/floor", "lakehouse/__pycache__"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "jobs/job.py").write_text("a = 1\n")
    (tmp_path / "lakehouse/floor/table.py").write_text("b = 1\n")
    monkeypatch.setattr(code_version, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(code_version, "SETTLED_NS", -1)
    monkeypatch.setenv("NIGHTJAR_HOME", str(tmp_path / "home"))
    begin_anew()
    yield tmp_path
    begin_anew()


def begin_anew() -> None:
    """As another process."""
    for kept in (code_version.digest, code_version._kept_digest, code_version._listed):
        kept.cache_clear()


def without_reading(monkeypatch: pytest.MonkeyPatch) -> str:
    """The version that the next process finds, which may read no file of code."""
    begin_anew()
    with monkeypatch.context() as alone:
        alone.setattr(code_version, "digest", lambda *_: pytest.fail("the files were read"))
        return code_version.version()


def test_the_version_is_the_digest_and_the_next_process_reads_no_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = code_version.version()
    assert first == f"{code_version.RELEASE}+{code_version.digest('jobs', 'lakehouse')}"
    assert without_reading(monkeypatch) == first


def test_a_file_written_anew_is_seen_though_its_size_and_its_time_are_as_before(project: Path) -> None:
    before = code_version.version()
    file = project / "lakehouse/floor/table.py"
    seen = file.stat()
    file.write_text("b = 2\n")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    begin_anew()
    assert code_version.version() != before


def test_a_file_that_comes_or_goes_is_seen(project: Path) -> None:
    versions = [code_version.version()]
    (project / "jobs/other.py").touch()
    begin_anew()
    versions.append(code_version.version())
    (project / "jobs/other.py").unlink()
    begin_anew()
    versions.append(code_version.version())
    assert versions[0] == versions[2] != versions[1]


def test_what_was_written_a_moment_ago_is_not_trusted_yet(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_version, "SETTLED_NS", 60_000_000_000)
    code_version.version()
    assert not (project / "home").exists()


@pytest.mark.parametrize("content", ["", "only", "a b c", "\N{SNOWMAN}"])
def test_a_damaged_note_is_none(project: Path, content: str) -> None:
    expected = code_version.version()
    (project / "home" / code_version.KEPT).write_text(content, encoding="utf-8")
    begin_anew()
    assert code_version.version() == expected


def test_a_home_that_can_not_be_written_to_costs_the_reading_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "file").touch()
    monkeypatch.setenv("NIGHTJAR_HOME", str(project / "file" / "home"))
    assert code_version.version().startswith(code_version.RELEASE)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of some modules, and other files."""
    for name in ("one/b.py", "one/b/a.py", "one/b-c.py", "one/b c/d.py", "one/B.py", "one/b/c/a.py", "two/é.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    (tmp_path / "one" / "page.md").write_text("no code")
    monkeypatch.setattr(code_version, "PROJECT_ROOT", tmp_path)
    begin_anew()
    yield tmp_path
    begin_anew()


def test_it_is_that_of_the_paths_and_bytes_of_all_modules_in_the_order_of_their_paths(modules: Path) -> None:
    content = hashlib.sha256()
    for folder in ("two", "one"):
        for file in sorted((modules / folder).rglob("*.py")):
            content.update(str(file.relative_to(modules)).encode() + b"\0" + file.read_bytes() + b"\0")
    assert code_version.digest("two", "one") == content.hexdigest()[:12]


@pytest.mark.parametrize("changed", ["one/b/c/a.py", "one/new.py"])
def test_a_changed_module_and_a_new_one_change_it_and_another_file_does_not(modules: Path, changed: str) -> None:
    before = code_version.digest("one")
    begin_anew()
    (modules / "one" / "page.md").write_text("changed")
    assert code_version.digest("one") == before
    begin_anew()
    (modules / changed).write_text("changed")
    assert code_version.digest("one") != before
