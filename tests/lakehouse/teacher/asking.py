"""A dataset's calls to the service of the tests, in few words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import settings

from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.ops import calls
from lakehouse.teacher import prompt, request, teaching
from lakehouse.teacher.request import Document
from lakehouse.teacher.teaching import Outcome
from tests.teacher_server import Manners, Served, Teacher

PROMPT = prompt.parsed("Write a summary of two sentences for people in a hurry.\n{{ document }}", Path("prompt.md"))
BUDGET = Budget.model_validate({"money": 10, "cost_per_million_tokens": {"input": 0.15, "output": 0.6}})

# A busy machine is no reason to fail.
drawn = settings(deadline=None, max_examples=40)


def teacher(url: str = "http://127.0.0.1:1/v1", **fields: Any) -> ServiceTeacher:
    """A declared service."""
    return ServiceTeacher.model_validate(
        {"by": "service", "url": url, "model": "m", "prompt": "prompt.md", "max_tokens": 50, **fields}
    )


def requests(asked: ServiceTeacher, texts: Iterable[str]) -> list[request.Request]:
    """The requests about documents with these texts, named by their numbers."""
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    return list(request.of_documents(documents, asked, PROMPT))


class Asking:
    """A dataset ``d`` that asks the service."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.budget = BUDGET

    @property
    def service(self) -> Teacher:
        """The service itself."""
        return self._served.teacher

    @property
    def url(self) -> str:
        """Its address, as declarations have it."""
        return self._served.url

    def behave(self, **manners: Any) -> None:
        """Let the service behave like this from now on."""
        self.service.manners = Manners(**manners)

    def teacher(self, **fields: Any) -> ServiceTeacher:
        """The declared service."""
        return teacher(**{"url": self.url, **fields})

    def teach(self, texts: Iterable[str], *, again: tuple[str, ...] = (), **fields: Any) -> Outcome:
        """Make the calls about documents with these texts."""
        asked = self.teacher(**fields)
        return teaching.teach("d", requests(asked, texts), asked, self.budget, again=again)

    def lines(self) -> list[dict[str, Any]]:
        """The calls, by document and variant."""
        found = calls.answers("d").to_pylist()
        return sorted(found, key=lambda line: (line["document_id"], line["variant"]))

    def line(self) -> dict[str, Any]:
        """The only call."""
        (found,) = self.lines()
        return found
