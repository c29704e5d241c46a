"""The documentation's links lead somewhere, the files that it names exist, and the README stays short."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = sorted([README, *(ROOT / "docs").rglob("*.md")])
# A record of a decision may name what is gone.
RECORDS = ROOT / "docs" / "decisions"
MOST_BYTES = 10_000

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# A path of this project in backticks; one with a placeholder in it is none.
NAMED_FILE = re.compile(
    r"`((?:lakehouse|jobs|dags|include|plugins|stack|tests|docs)/[\w./-]*|[\w-]+\.(?:toml|yaml|md|in))`"
)
# A use case brings them; pages name them without a folder.
OF_A_USE_CASE = frozenset(
    {
        "use_case.yaml",
        "dataset.yaml",
        "rates.yaml",
        "prompt.md",
        "retention.yaml",
        "include/retention.yaml",
        "include/sources/letters/source.yaml",
        "include/letter_summaries/dataset.yaml",
    }
)
# A call of make in a block of code or in backticks; anywhere else the word is English.
MADE = re.compile(r"(?:^|`)(?:taskset -c [\d,]+ )?make ([a-z][a-z-]*)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def links(page: Path) -> list[str]:
    """The targets of the page's links and images, without those in examples of code."""
    return LINK.findall(INLINE_CODE.sub("`code`", FENCE.sub("", page.read_text(encoding="utf-8"))))


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings, named as GitHub names them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
        name, number = slug, 0
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found.add(name)
    return found


def broken(page: Path) -> Iterator[str]:
    """The page's relative links that lead nowhere, each with the reason."""
    for target in links(page):
        if ELSEWHERE.match(target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"{target}: there is no {file.relative_to(ROOT)}"
        elif anchor and anchor not in anchors(file):
            yield f"{target}: {file.relative_to(ROOT)} has no heading of that name"


def named(page: Path) -> Path:
    """The page's path within the project: the test's name."""
    return page.relative_to(ROOT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(named(page)))
def test_every_relative_link_and_anchor_leads_somewhere(page: Path) -> None:
    assert not list(broken(page))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if RECORDS not in page.parents], ids=lambda page: str(named(page))
)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    files = set(NAMED_FILE.findall(text)) - OF_A_USE_CASE
    assert sorted(file for file in files if not (ROOT / file).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(named(page)))
def test_every_make_target_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    assert sorted(set(MADE.findall(page.read_text(encoding="utf-8"))) - targets) == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, coming = {README}, [README]
    while coming:
        page = coming.pop()
        targets = [page.parent / target.partition("#")[0] for target in links(page) if not ELSEWHERE.match(target)]
        for target in map(Path.resolve, targets):
            found = sorted(target.glob("*.md")) if target.is_dir() else [target] if target.suffix == ".md" else []
            new = [each for each in found if each not in reached]
            reached.update(new)
            coming += new
    assert [str(named(page)) for page in PAGES if page not in reached] == []


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(README.read_bytes()) <= MOST_BYTES


def test_a_link_to_a_missing_file_or_heading_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_docs.ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# A `Title`, twice\n\n# A title twice\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[good](other.md#a-title-twice) [also](other.md#a-title-twice-1) [bad](other.md#a-title) ![gone](gone.png)\n"
        "`[code](no.md)` [elsewhere](https://example.org/no)\n\n```\n[example](no.md)\n```\n",
        encoding="utf-8",
    )
    assert list(broken(page)) == [
        "other.md#a-title: other.md has no heading of that name",
        "gone.png: there is no gone.png",
    ]
