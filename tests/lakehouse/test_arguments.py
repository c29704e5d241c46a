"""Values on the command line that a script gets wrong are refused before anything is read or written."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.__main__ import main

pytestmark = pytest.mark.quick
BIG = "9" * 30


@pytest.mark.parametrize(
    "line",
    [
        ["backup", ""],
        ["restore", " "],
        ["restore", "place", "--into", ""],
        ["catalog", "--to", ""],
        ["review", "--base", "HEAD", "--to", ""],
        ["new", "loans", "--template", "binary", "--into", ""],
    ],
)
def test_an_empty_text_is_no_folder(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as refused:
        main(line)
    assert refused.value.code == 2
    assert "expected a folder or an address, found an empty text" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        ["compare", "loans", "--versions", "1", BIG],
        ["compare", "loans", "--versions", "0", "1"],
        ["compare", "loans", "--versions", "1", "-1"],
        ["compare", "loans", "--versions", "1", "1_0"],
        ["backup", "place", "--keep", "0"],
        ["backup", "place", "--keep", BIG],
        ["sql", "select 1", "--max-rows", "0"],
        ["new", "loans", "--from", "x.csv", "--rows-a-day", "0"],
        ["new", "loans", "--from", "x.csv", "--label-arrives-after", BIG],
    ],
)
def test_a_number_is_whole_and_fits(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(line)
    assert refused.value.code == 2
    error = capsys.readouterr().err
    assert "expected a whole number of" in error and "Traceback" not in error
