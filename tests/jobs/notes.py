"""A small dataset: summaries of notes. Its declarations are written under a root; silver and the ledger are written directly."""

from __future__ import annotations

import datetime as dt
import os
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse import tables
from lakehouse.declaration import Dataset, datasets, loader
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, sql_quoting

NAME, SOURCE = "notes_summaries", "notes"
DAY = dt.date(2024, 1, 1)

NOUNS = (
    "table",
    "river",
    "window",
    "market",
    "garden",
    "teacher",
    "machine",
    "letter",
    "station",
    "forest",
    "doctor",
    "bridge",
)
VERBS = (
    "keeps",
    "finds",
    "moves",
    "paints",
    "carries",
    "remembers",
    "repairs",
    "measures",
    "follows",
    "describes",
    "sends",
)
PLACES = (
    "in the morning",
    "after the long winter",
    "near the old harbour",
    "with a small lamp",
    "for the whole family",
)
KINDS = (
    "green",
    "quiet",
    "narrow",
    "ancient",
    "careful",
    "broken",
    "distant",
    "golden",
    "simple",
    "heavy",
    "curious",
    "pale",
)

Note = dict[str, Any]


def source(**sections: Any) -> dict[str, Any]:
    """The declaration of the source, with some sections replaced."""
    text = {"type": "string", "nullable": True}
    return {
        "name": SOURCE,
        "title": "Notes",
        "owner": "desk",
        "calendar": {"start": DAY},
        "cadence": "occasional",
        "key": ["note"],
        "columns": [
            {"name": "note", "type": "string"},
            {"name": "title", **text},
            {"name": "body", **text},
            {"name": "kind", **text},
            {"name": "thread", **text},
            {"name": "licence", **text},
            {"name": "link", **text},
            {"name": "gone", "type": "boolean", "nullable": True},
        ],
        **sections,
    }


def declaration(**sections: Any) -> dict[str, Any]:
    """The declaration of the dataset, with some sections replaced; those that are None are left out."""
    said = {
        "name": NAME,
        "title": "Summaries of notes",
        "description": "What the notes say, in a few sentences.",
        "owner": "desk",
        "documents": {
            "source": SOURCE,
            "id": "note",
            "text": "body",
            "title": "title",
            "url": "link",
            "licence": "licence",
            "together": ["thread"],
            "deleted": "gone",
        },
        "heuristics": {"words": {"least": 5}, "common_words": None},
        "teacher": {"by": "extractive", "sentences": 2, "variants": [{"name": "cold"}]},
        "split": {"shares": {"train": 0.6, "validation": 0.2, "test": 0.2}, "salt": "s"},
        **sections,
    }
    return {name: value for name, value in said.items() if value is not None}


def declare(
    root: Path,
    monkeypatch: pytest.MonkeyPatch | None = None,
    standardise: str | None = None,
    files: dict[str, str] | None = None,
    of_source: dict[str, Any] | None = None,
    **sections: Any,
) -> Dataset:
    """Write source and dataset under ``root`` and load the dataset.

    Args:
        root: of declarations; the only one from now on.
        monkeypatch: sets the root; None: it is set already.
        standardise: the text of ``standardise.py``; None: there is none.
        files: others beside the declaration, such as prompts.
        of_source: sections of the source's declaration.
        sections: of the dataset's declaration.
    """
    folder, of = root / NAME, root / "sources" / SOURCE
    folder.mkdir(parents=True, exist_ok=True)
    of.mkdir(parents=True, exist_ok=True)
    (of / "source.yaml").write_text(yaml.safe_dump(source(**(of_source or {})), allow_unicode=True), encoding="utf-8")
    text = yaml.safe_dump(declaration(**sections), allow_unicode=True)
    (folder / "dataset.yaml").write_text(text, encoding="utf-8")
    if standardise is not None:
        (folder / "standardise.py").write_text(standardise, encoding="utf-8")
    for name, content in (files or {}).items():
        (folder / name).write_text(content, encoding="utf-8")
    if monkeypatch is not None:
        monkeypatch.setenv("USE_CASE_ROOTS", os.pathsep.join([str(root)]))
    return datasets.by_name(NAME)


def note(name: str, body: str | None, **values: Any) -> Note:
    """A note, as a row of silver."""
    empty = dict.fromkeys(("title", "kind", "thread", "licence", "link", "gone"))
    return {"note": name, "body": body, **empty, **values}


def deliver(*found: Note, day: dt.date = DAY, correction: int = 0) -> None:
    """Put notes into silver, and a line into the ledger: all rows of a day, each time.

    Args:
        found: the notes of the day.
        day: of the delivery.
        correction: raised with each that replaces an earlier one of the day.
    """
    _, contract = loader.by_source(SOURCE)
    name = f"{day}-{correction}"
    rows = [one | {"partition": day, "line": at + 2, "delivery_id": name} for at, one in enumerate(found)]
    commits.replace_rows(tables.silver(contract), rows, sql_quoting.days_condition({day}))
    now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=correction)
    count = len(rows)
    deliveries.record([Delivery(SOURCE, name, day, "f", "c", count, count, 0, 0, deliveries.INGESTED, now)])


def text(seed: int, sentences: int = 12) -> str:
    """An English text of that many sentences, like no other seed's."""
    dice = random.Random(seed)

    def one() -> str:
        who, whom = dice.choice(NOUNS), dice.choice(NOUNS)
        named = f"The {dice.choice(KINDS)} {who} {dice.choice(VERBS)} the {dice.choice(KINDS)} {whom}"
        return f"{named} {dice.choice(PLACES)} and nobody asks about the {dice.choice(KINDS)} {dice.choice(NOUNS)}."

    return " ".join(one() for _ in range(sentences))
