"""How a dataset asks at present: who, and with which prompt; and which of its recorded calls asked in this very way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import fingerprints
from lakehouse.declaration import Dataset, datasets
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher
from lakehouse.ops import calls
from lakehouse.teacher import prompt, request
from lakehouse.teacher.prompt import NOTE, NOTE_OF_BOTH, Prompt
from lakehouse.teacher.request import GRADE, JUDGE, TEACH


@dataclass(frozen=True)
class Asked:
    """A declared way to ask.

    Attributes:
        purpose: what is asked for.
        teacher: who is asked.
        prompt: what is told; None for the built-in summariser.
    """

    purpose: str
    teacher: ServiceTeacher | ExtractiveTeacher
    prompt: Prompt | None

    @property
    def service(self) -> ServiceTeacher:
        """Who is asked, where that is a service: who gives marks always is one."""
        assert isinstance(self.teacher, ServiceTeacher)
        return self.teacher

    @property
    def told(self) -> Prompt:
        """What a service is told."""
        assert self.prompt is not None
        return self.prompt

    @property
    def prompt_digest(self) -> str:
        """As a request carries it."""
        return "" if self.prompt is None else self.prompt.digest

    @property
    def digest(self) -> str:
        """Of all that decides the requests about a given text."""
        told = "" if self.prompt is None else f"{NOTE} {NOTE_OF_BOTH}"
        return fingerprints.digest(
            self.purpose, *request.addressed(self.teacher), *self._ways, self.prompt_digest, told
        )

    def recorded(self, dataset: str, columns: Sequence[str]) -> pa.Table:
        """The calls of a dataset that asked in this way, whatever became of them."""
        endpoint, model = request.addressed(self.teacher)
        way = (
            (pc.field("purpose") == self.purpose)
            & (pc.field("endpoint") == endpoint)
            & (pc.field("model") == model)
            & (pc.field("prompt_digest") == self.prompt_digest)
        )
        ways = pc.scalar(False)
        for variant, parameters in self._ways:
            ways |= (pc.field("variant") == variant) & (pc.field("parameters") == parameters)
        return calls.answers(dataset, columns=columns, where=way & ways)

    @property
    def _ways(self) -> list[tuple[str, str]]:
        """Each variant with what it asks for."""
        return [
            (variant.name, request.canonical(request.parameters(self.teacher, variant)))
            for variant in self.teacher.variants
        ]


def of(dataset: Dataset, purpose: str) -> Asked | None:
    """How a dataset asks for this at present; None where it does not.

    Raises:
        DeclarationError: when the prompt is not fit for use.
    """
    teacher = {TEACH: dataset.teacher, GRADE: dataset.grade, JUDGE: dataset.judge}[purpose]
    if teacher is None:
        return None
    if isinstance(teacher, ExtractiveTeacher):
        return Asked(purpose, teacher, None)
    told = prompt.read(datasets.folder(dataset) / teacher.prompt, with_answer=purpose == JUDGE)
    return Asked(purpose, teacher, told)
