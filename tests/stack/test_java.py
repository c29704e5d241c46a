from pathlib import Path

import pytest

from stack.errors import StackError
from stack.java import major_version, require_java


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19 LTS', 21),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "24-ea" 2025-03-18', 24),
        ("java: command not found", None),
    ],
)
def test_the_major_version_is_read_from_what_java_prints(printed, version):
    assert major_version(printed) == version


def _fake_java(home: Path, printed: str) -> str:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{printed}' >&2\n")
    java.chmod(0o755)
    return str(java)


@pytest.mark.process
def test_java_home_wins_over_the_path(tmp_path):
    java = _fake_java(tmp_path / "jdk", 'openjdk version "17.0.1" 2021-10-19')
    assert require_java({"JAVA_HOME": str(tmp_path / "jdk"), "PATH": "/nowhere"}) == java


@pytest.mark.process
def test_too_old_a_java_is_told_in_one_line_with_what_to_do(tmp_path):
    _fake_java(tmp_path / "jdk", 'openjdk version "11.0.20" 2023-07-18')
    with pytest.raises(StackError, match=r"is Java 11, too old for Spark: install Java 17") as told:
        require_java({"JAVA_HOME": str(tmp_path / "jdk")})
    assert "\n" not in str(told.value)


def test_a_missing_java_says_where_was_looked(tmp_path):
    with pytest.raises(StackError, match=r"there is none in PATH: install Java 17"):
        require_java({"PATH": str(tmp_path)})
    with pytest.raises(StackError, match=r"there is none in JAVA_HOME=/no/jdk"):
        require_java({"JAVA_HOME": "/no/jdk", "PATH": str(tmp_path)})
