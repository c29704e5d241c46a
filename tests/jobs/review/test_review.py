"""A change of a use case is built, walked through and told against its base, in a repository of the test's own."""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.__main__ import main
from jobs.review import comment, difference, revisions
from jobs.review.comment import MARK
from jobs.review.side import Side
from lakehouse.errors import BadArguments
from lakehouse.settings import PROJECT_ROOT
from tests.jobs.bakery_days import START, ingest, prepared
from tests.use_cases import bakery

LAST = START + dt.timedelta(days=50)
SPLIT = {
    "train": {"first": 44, "last": 30},
    "validation": {"first": 22, "last": 19},
    "holdout": {"first": 11, "last": 8},
}
DICE = random.Random(11)


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def declared(repository: Path) -> tuple[Path, dict]:
    file = repository / "include/bakery_sales/use_case.yaml"
    return file, yaml.safe_load(file.read_text(encoding="utf-8"))


def write(file: Path, content: object) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bakery with a small split, committed as ``main``."""
    root = tmp_path / "repository"
    shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", root / "include/bakery_sales")
    file, content = declared(root)
    content["split"], content["model"]["max_rounds"] = SPLIT, 15
    content["gate"] = {"metric": "rmse", "min_improvement": 0.0}
    write(file, content)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    monkeypatch.setenv("USE_CASE_ROOTS", str(root / "include"))
    return root


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Six weeks of the bakery, taken in."""
    with prepared(tmp_path_factory.mktemp("weeks")) as folder:
        bakery.deliver(folder / "landing", START, LAST)
        ingest(START, LAST)
        yield folder


@pytest.fixture
def taken_in(weeks: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(weeks / "warehouse"))
    return weeks


def files(folder: Path) -> dict[str, int]:
    """Those of the tables, but for what runs cost, which is written down of each."""
    found = (one for one in (folder / "warehouse").rglob("*") if one.is_file())
    return {str(one): one.stat().st_mtime_ns for one in found if not {"costs", ".locks"}.intersection(one.parts)}


def review(to: Path, *words: str) -> int:
    return main(["review", "--base=main", f"--to={to}", "--weeks=1", *words])


@pytest.mark.process
def test_a_change_is_measured_against_its_base_and_nothing_of_the_lakehouse_changes(
    spark: SparkSession, taken_in: Path, repository: Path, tmp_path: Path
) -> None:
    file, content = declared(repository)
    gone = DICE.choice(["price", "day_of_week"])
    content["features"] = [one for one in content["features"] if one["name"] != gone]
    content["features"].append({"name": "noise", "description": "says nothing @all <b>"})
    content["title"] = "<script>alert(1)</script> | a | b"
    write(file, content)
    code = (repository / "include/bakery_sales/features.py").read_text()
    code += (
        "\nwhole = build\n\ndef build(days, inputs):\n    from pyspark.sql import functions as F\n"
        f"    return whole(days, inputs).drop('{gone}').withColumn('noise', F.abs(F.hash('shop', 'bread', 'partition')) % 100)\n"
    )
    (repository / "include/bakery_sales/features.py").write_text(code)
    before = files(taken_in)
    to = tmp_path / "comment.md"
    assert review(to) == 0
    said = to.read_text(encoding="utf-8")
    assert said.startswith(MARK) and "### bakery_sales (changed)" in said
    assert "- features added: `noise`" in said and f"- features removed: `{gone}`" in said
    assert "- code that does something else: `features.py`" in said
    assert "- leaks: none found" in said and "- cost: " in said
    lines = [one for one in said.splitlines() if one.startswith("| rmse |")]
    assert len(lines) == 1, said
    (line,) = lines
    numbers = [float(cell) for cell in line.split("|")[2:5]]
    assert numbers[2] == pytest.approx(numbers[0] - numbers[1], abs=0.05) and "too few weeks to tell" in line
    assert "<script>" not in said and "@all" not in said
    assert files(taken_in) == before


@pytest.mark.process
def test_a_transform_that_looks_ahead_is_found(
    spark: SparkSession, taken_in: Path, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (repository / "include/bakery_sales/features.py").read_text()
    code += (
        "\nwhole = build\n\ndef build(days, inputs):\n    from pyspark.sql import functions as F, Window\n"
        "    ahead = Window.partitionBy('shop', 'bread').orderBy('partition').rowsBetween(0, 3)\n"
        "    return whole(days, inputs).withColumn('planned', F.avg('planned').over(ahead))\n"
    )
    (repository / "include/bakery_sales/features.py").write_text(code)
    to = tmp_path / "comment.md"
    assert review(to, "--no-backtest") == 14
    assert "planned differ when the day is built without later ones" in capsys.readouterr().err
    assert re.search(r"- leaks: gold\.bakery\\_sales\\_features 2024-\d\d-\d\d: planned differ", to.read_text())


@pytest.mark.process
def test_a_change_of_words_in_code_is_none(lakehouse_root: Path, repository: Path, tmp_path: Path) -> None:
    code = repository / "include/bakery_sales/features.py"
    code.write_text("# other words\n" + code.read_text())
    before, _ = difference.declared()
    git(repository, "checkout", "-q", "--", ".")
    after, _ = difference.declared()
    assert difference.changes(before, after) == []


@pytest.mark.process
def test_what_is_wrong_is_in_the_comment_and_fails(
    lakehouse_root: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_CASE_ROOTS", str(repository / "include"))
    file, content = declared(repository)
    content["gate"]["metric"] = "rmsee"
    write(file, content)
    to = tmp_path / "comment.md"
    assert review(to) == 3
    assert "### Wrong declarations" in to.read_text() and "### bakery\\_sales" not in to.read_text()
    with pytest.raises(BadArguments, match=r"git rev-parse .* expected a revision"):
        revisions.extract("no-such-branch", [repository / "include"], tmp_path / "base")
    with pytest.raises(BadArguments, match=r"git rev-parse"):
        revisions.extract("--upload-pack=touch /tmp/x", [repository / "include"], tmp_path / "other")


@pytest.mark.process
def test_the_workflows_script_writes_the_comment_anywhere(
    lakehouse_root: Path, repository: Path, tmp_path: Path
) -> None:
    folder = PROJECT_ROOT / "docs/ci"
    workflow = yaml.safe_load((folder / "use-case-check.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    assert any("sh docs/ci/use-case-check.sh" in step.get("run", "") for step in job["steps"])
    assert all(MARK in step["run"] for step in job["steps"] if step.get("name") == "Comment")
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(PROJECT_ROOT)}
    command = ["sh", str(folder / "use-case-check.sh"), "main", str(lakehouse_root), str(tmp_path / "comment.md")]
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "No use case would be built, trained or scored otherwise." in (tmp_path / "comment.md").read_text()


def sides(losses: list[tuple[float, float]]) -> tuple[Side, Side]:
    days = [START + dt.timedelta(days=7 * number) for number in range(len(losses))]
    before, after = ({day: {"rmse": pair[side]} for day, pair in zip(days, losses, strict=True)} for side in (0, 1))
    return Side(weeks=before, metric="rmse"), Side(weeks=after, metric="rmse")


@given(st.lists(st.floats(1, 100), min_size=4, max_size=12), st.floats(1, 5))
def test_a_change_that_is_better_in_every_week_is_better_beyond_noise(base: list[float], gain: float) -> None:
    (line,) = comment.compared(
        *sides([(one, one - gain * (1 + number % 3 / 10)) for number, one in enumerate(base)]), 1
    )
    assert line.gain > 0 and line.verdict == "better beyond noise"
    (line,) = comment.compared(*sides([(one, one) for one in base]), 1)
    assert (line.gain, line.verdict) == (0.0, "within noise")


@given(st.text(min_size=1))
def test_declared_texts_are_no_markup(text: str) -> None:
    shown = comment._plain(text)
    assert not re.search(r"(?<!\\)[|*`\[\]]", shown) and "<" not in shown and "@" not in shown and "://" not in shown
    assert len(shown.splitlines()) <= 1
