"""The release is one number: in the code, the package, the changelog and the command line."""

from __future__ import annotations

import re
import tomllib

import pytest

from lakehouse.__main__ import main
from lakehouse.code_version import RELEASE, version
from lakehouse.settings import PROJECT_ROOT
from tests.release_fixture import RELEASES


def test_code_package_and_command_line_name_the_same_release(capsys: pytest.CaptureFixture[str]) -> None:
    package = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert package["project"]["version"] == RELEASE
    assert version().startswith(f"{RELEASE}+")
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"nightjar {RELEASE}\n"


def test_the_changelog_begins_with_it_and_every_earlier_release_has_a_lakehouse_in_the_tests() -> None:
    text = (PROJECT_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE)
    assert releases[0] == RELEASE and len(set(releases)) == len(releases)
    assert releases == sorted(releases, key=lambda one: [int(part) for part in one.split(".")], reverse=True)
    assert {f"{one}.tar.xz" for one in releases[1:]} <= {file.name for file in RELEASES.iterdir()}
