"""Cards: what the Hub reads of them, and that nothing in them is markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import RepoCard
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from jobs.release.arguments import ReleaseArguments
from jobs.release.card import front_matter, page
from jobs.release.job import run
from lakehouse import fingerprints
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_release import DatasetCard
from lakehouse.ops.call import ANSWERED
from tests.jobs import notes
from tests.jobs.release import versions
from tests.jobs.release.conftest import Declare

HOSTILE = 'Notes: "x" # {{ 1111 * 7 }} {% raw %} <script>alert(1)</script>\n---\n| a | [b](http://x) ![c](d) `e` *f* __g__ $h$'
SERVICE = {
    "by": "service",
    "url": "http://127.0.0.1:9/v1",
    "model": "big-1",
    "prompt": "prompt.md",
    "key_variable": "A_SECRET_VARIABLE",
    "variants": [{"name": "cold", "temperature": 0, "seed": 7}],
}
BUDGET = {"money": 5, "currency": "EUR", "cost_per_million_tokens": {"input": 1, "output": 2}}
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
PROMPT = "Sum up.\n{{ document }}\n"


def said(card: RepoCard) -> dict[str, Any]:
    """The front matter as the Hub's own library has it."""
    found: dict[str, Any] = card.data.to_dict()  # type: ignore[no-untyped-call]
    return found


def published(dataset: Dataset, **of_calls: Any) -> Path:
    versions.assemble(dataset, versions.several(), **of_calls)
    result = run(ReleaseArguments(dataset=notes.NAME))
    assert result.status == "published", result
    return Path(result.folder)


def test_the_hub_reads_the_front_matter(declare: Declare, logged: list[tuple[int, str]]) -> None:
    dataset = declare(card={"licence": "cc-by-4.0", "limits": ["Only notes."], "tags": ["notes"]})
    place = published(dataset)
    card = RepoCard.load(place / "README.md")
    assert said(card) == {
        "pretty_name": "Summaries of notes",
        "license": "cc-by-4.0",
        "language": ["en"],
        "size_categories": ["n<1K"],
        "task_categories": ["summarization"],
        "tags": ["notes"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"data/{split}-*.parquet"} for split in ("train", "validation", "test")
                ],
            }
        ],
    }
    assert "- Only notes." in card.text and "can't be called back" in card.text


def test_what_is_declared_and_delivered_is_no_markup(declare: Declare, logged: list[tuple[int, str]]) -> None:
    dataset = declare(title=HOSTILE, description=HOSTILE, card={"limits": [HOSTILE], "tags": [HOSTILE]})
    rows = [versions.example(f"x{at}", licence=HOSTILE) for at in range(3)]
    versions.assemble(dataset, rows)
    text = (Path(run(ReleaseArguments(dataset=notes.NAME)).folder) / "README.md").read_text(encoding="utf-8")
    card = RepoCard(text)
    assert said(card)["pretty_name"] == " ".join(HOSTILE.split())
    html = MarkdownIt("gfm-like").render(card.text)
    assert "<script" not in html and "<img" not in html and "<em>" not in html and "<strong>" not in html
    # An address stands for itself: GitHub and the Hub make a link of one wherever it stands.
    assert ">b</a>" not in html and 'src="d"' not in html
    assert "{{ 1111 * 7 }}" in html.replace("&quot;", '"') and "7777" not in html


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_title_leaves_the_front_matter_what_it_is(title: str) -> None:
    dataset = Dataset.model_construct(title=title, card=DatasetCard(tags=(title or "x",)))
    text = front_matter.text(dataset, {"train": 3}, ["en", "x-y", ""])
    assert text.startswith("---\n") and text.endswith("---\n")
    found = yaml.safe_load(text.split("---\n")[1])
    assert found["pretty_name"] == " ".join(title.split()) and found["language"] == ["en"]
    assert said(RepoCard(f"{text}\n# Title"))["size_categories"] == ["n<1K"]


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_any_value_is_text_in_markdown(value: str) -> None:
    tokens = MARKDOWN.parseInline(f"x {page._as_text(value)} x")
    assert {child.type for token in tokens for child in token.children or []} <= {"text", "text_special"}


@pytest.mark.parametrize(
    ("examples", "name"), [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**9, "100M<n<1B")]
)
def test_sizes_are_those_of_the_hub(examples: int, name: str) -> None:
    assert front_matter.size(examples) == name


def test_a_service_is_told_with_prompt_and_cost(declare: Declare, logged: list[tuple[int, str]]) -> None:
    dataset = declare(teacher=SERVICE, budget=BUDGET, check={"words": {"least": 3}}, files={"prompt.md": PROMPT})
    place = published(
        dataset,
        state=ANSWERED,
        endpoint="http://127.0.0.1:9/v1/chat/completions",
        model="big-1",
        returned_model="big-1-0305",
        parameters='{"seed":7,"temperature":0.0}',
        prompt_digest=fingerprints.digest(PROMPT),
        cost_micros=1_500,
        unsure_micros=500,
    )
    text = (place / "README.md").read_text(encoding="utf-8")
    assert "big-1 (10) calls" in text and "big-1-0305 (10)" in text
    assert "cost 0.015000 EUR, of which 0.005000 EUR is the most" in text
    assert "| words | at least 3 |" in text and "seed 7, temperature 0.0" in text
    assert (place / "prompt.md").read_text(encoding="utf-8") == PROMPT
    assert "A_SECRET_VARIABLE" not in (place / "manifest.json").read_text(encoding="utf-8")


def test_the_card_tells_who_answered_and_not_who_is_declared_now(
    declare: Declare, logged: list[tuple[int, str]]
) -> None:
    dataset = declare()
    place = published(dataset, endpoint="http://127.0.0.1:9/v1/chat/completions", model="big-1", prompt_digest="12ab")
    text = (place / "README.md").read_text(encoding="utf-8")
    assert "By a language model: big-1 (10) calls" in text and "has the digest 12ab" in text
    assert "extractive" not in text


def test_a_version_whose_prompt_was_changed_since_is_held(declare: Declare, logged: list[tuple[int, str]]) -> None:
    dataset = declare(teacher=SERVICE, budget=BUDGET, files={"prompt.md": PROMPT})
    versions.assemble(dataset, versions.several(), prompt_digest="of another text")
    result = run(ReleaseArguments(dataset=notes.NAME))
    assert result.status == "held" and "another text of prompt.md" in result.message


def test_the_card_says_what_was_rejected_and_redacted(declare: Declare, logged: list[tuple[int, str]]) -> None:
    dataset = declare(filter={"quality": {"least": 0.5}, "licences": ["MIT"]})
    rows = versions.several()
    versions.assemble(dataset, rows)
    rejected = [
        versions.document(
            versions.example(f"no-{at}"), kept=False, reasons=f"quality 0.{at}, expected at least 0.5; licence none"
        )
        for at in range(3)
    ]
    used = [versions.document(row, pii_counts='{"email": 2}') for row in rows]
    versions.write_documents(dataset, [*used, *rejected])
    text = (Path(run(ReleaseArguments(dataset=notes.NAME)).folder) / "README.md").read_text(encoding="utf-8")
    assert "10 of 13 documents passed the filter" in text
    assert "| quality | 3 |" in text and "| quality | at least 0.5 |" in text and "| licences | only MIT |" in text
    assert "in these documents were found: email (20)" in text
