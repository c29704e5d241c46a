"""The dataset of notes with a teacher, a grade and a judge that are asked for real: the service of the tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.check import job as checking
from jobs.check.arguments import CheckArguments
from jobs.check.job import CheckResult
from jobs.teach import grade, job
from jobs.teach.arguments import TeachArguments
from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.ops import calls
from lakehouse.storage import arrow_dataset, commits, table_schema
from lakehouse.teacher import request
from tests.jobs import notes
from tests.teacher_server import MARKER, Served, Teacher

FILES = {
    "prompt.md": "Write a summary of two sentences for people in a hurry.\n{{ document }}",
    "grade.md": "How good is it? Answer with a number from 0 to 1.\n{{ document }}",
    "judge.md": "How good is the answer?\n{{ document }}\nIts summary:\n{{ answer }}\nAnswer with a number from 0 to 1.",
}
BUDGET = {"money": 10, "cost_per_million_tokens": {"input": 0.15, "output": 0.6}}
VARIANTS = [{"name": "cold", "temperature": 0}, {"name": "warm", "temperature": 0.8, "seed": 1}]
LATER = notes.DAY + dt.timedelta(days=3)


class Answering:
    """The dataset, declared as a test asks for, and its stages."""

    def __init__(self, served: Served, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.served, self._root, self._monkeypatch = served, root, monkeypatch

    @property
    def service(self) -> Teacher:
        """The service itself."""
        return self.served.teacher

    @property
    def came(self) -> int:
        """How many requests have come to it."""
        return sum(account.came for account in self.service.accounts.values())

    def asked(self, **fields: Any) -> dict[str, Any]:
        """A declared service."""
        return {
            "by": "service",
            "url": self.served.url,
            "model": "m",
            "prompt": "prompt.md",
            "max_tokens": 50,
            **fields,
        }

    def marker(self, name: str, **fields: Any) -> dict[str, Any]:
        """One that gives marks."""
        return self.asked(**{"model": MARKER, "prompt": f"{name}.md", **fields})

    def declare(self, files: Mapping[str, str] | None = None, **sections: Any) -> Dataset:
        """Declare the dataset, with some sections and files replaced."""
        said = {"teacher": self.asked(variants=VARIANTS), "budget": BUDGET, **sections}
        return notes.declare(self._root, self._monkeypatch, files={**FILES, **(files or {})}, **said)

    def documents(self, dataset: Dataset, /, **found: str | tuple[str, str]) -> None:
        """Write the documents of the first day: by id a text that is kept, or a text and the reasons why it is not."""
        self.documents_on(notes.DAY, dataset, **found)

    def documents_on(self, day: dt.date, dataset: Dataset, /, **found: str | tuple[str, str]) -> None:
        """Write those of a day."""
        table = tables.documents(dataset)
        empty: dict[str, Any] = {"string": "", "long": 0, "double": 0.0, "boolean": False}
        filled = {column.name: empty.get(column.type) for column in table.columns}
        lines = []
        for name, one in found.items():
            text, reasons = (one, "") if isinstance(one, str) else one
            judged = {"text": text, "content_digest": request.digest_of(text), "kept": not reasons, "reasons": reasons}
            spoken = {"language": "en", "language_share": 1.0}
            lines.append({**filled, "document_id": name, "partition": day, **judged, **spoken})
        rows = pa.Table.from_pylist(lines, table_schema.arrow_schema(table))
        commits.replace_table(rows, table, {"partition": [day]})

    def teach(self, day: dt.date = LATER, **arguments: Any) -> dict[str, Any]:
        """Run teach; its result as JSON has it."""
        return job.run(TeachArguments(dataset=notes.NAME, partition=day, **arguments)).as_json()

    def grade(self, day: dt.date = LATER, **arguments: Any) -> dict[str, Any]:
        """Run grade."""
        return grade.run(TeachArguments(dataset=notes.NAME, partition=day, **arguments)).as_json()

    def check(self, day: dt.date = LATER, force: bool = False) -> CheckResult:
        """Run check."""
        return checking.run(CheckArguments(dataset=notes.NAME, partition=day, force=force))

    def rows(self, dataset: Dataset, day: dt.date | None = None) -> list[dict[str, Any]]:
        """The checked answers, of a day or of all, by document and variant."""
        where = None if day is None else pc.field("partition") == day
        found: list[dict[str, Any]] = arrow_dataset.read(tables.summaries(dataset), where).to_pylist()
        return sorted(found, key=lambda row: (row["partition"], row["document_id"], row["variant"]))

    def calls(self, purpose: str) -> list[dict[str, Any]]:
        """The calls of a purpose, by document and variant."""
        found: list[dict[str, Any]] = calls.answers(notes.NAME, where=pc.field("purpose") == purpose).to_pylist()
        return sorted(found, key=lambda row: (row["document_id"], row["variant"]))
