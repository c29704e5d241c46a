"""What the Hub reads of a card: the YAML before its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from lakehouse.corpus.publication import DATA
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_split import SPLITS

# As the Hub names sizes, up to a number of examples.
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
MORE = "100M<n<1B"
# What the Hub knows as a language.
LANGUAGE = re.compile(r"[a-z]{2,3}")


def text(dataset: Dataset, rows: Mapping[str, int], languages: Iterable[str]) -> str:
    """The front matter with its lines of dashes.

    Args:
        dataset: as declared.
        rows: how many examples each split has.
        languages: of the examples.
    """
    known = sorted({one for one in languages if LANGUAGE.fullmatch(one)})
    content: dict[str, Any] = {
        "pretty_name": " ".join(dataset.title.split()),
        "license": dataset.card.licence,
        **({"language": known} if known else {}),
        "size_categories": [size(sum(rows.values()))],
        "task_categories": ["summarization"],
        **({"tags": [" ".join(tag.split()) for tag in dataset.card.tags]} if dataset.card.tags else {}),
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"{DATA}/{split}-*.parquet"} for split in SPLITS if rows.get(split)
                ],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)}---\n"


def size(examples: int) -> str:
    """The Hub's name for so many examples."""
    return next((name for below, name in SIZES if examples < below), MORE)
