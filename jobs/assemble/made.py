"""A version before it is written: where each document and each answer of the material is. Nothing is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.assemble import alike, equal_answers, split
from jobs.assemble.earlier import Earlier
from jobs.assemble.material import Answer, Material
from jobs.assemble.split import BITS, Document, Placed
from jobs.assemble.ties import Ties
from lakehouse import processes
from lakehouse.corpus import shingles
from lakehouse.declaration.dataset_split import SPLITS

ANSWERS_A_PART = 2000
# An answer takes a sixth of a document's time.
FEW_ANSWERS = 24_000
NO_ANSWER_LEFT = "none of its answers is left"


@dataclass(frozen=True)
class Made:
    """A version before it is written.

    Attributes:
        material: what it is made of.
        ties: among the documents.
        together: by document the names of its declared groups.
        placed: by document where it is.
        answers: those that are examples.
        reasons: by document why it has no example; None where it has.
        left_answers: why answers of documents that are in the version are no examples, and how many.
    """

    material: Material
    ties: Ties
    together: Sequence[Sequence[str]]
    placed: Sequence[Placed]
    answers: Sequence[Answer]
    reasons: Sequence[str | None]
    left_answers: Counter[str]

    @property
    def documents(self) -> list[int]:
        """The documents that have an example."""
        return [at for at, reason in enumerate(self.reasons) if reason is None]

    @property
    def rows(self) -> dict[str, int]:
        """How many examples each split has."""
        found = Counter(self.placed[one.document].side for one in self.answers)
        return {name: found[BITS[name]] for name in SPLITS}

    @property
    def left_out(self) -> Counter[str]:
        """Why documents have no example, without the names of other documents, and how many."""
        return Counter(kind(reason) for reason in self.reasons if reason is not None)

    @property
    def clusters(self) -> int:
        """How many clusters have an example."""
        return len({self.placed[at].cluster for at in self.documents})


def of(material: Material, before: Earlier) -> Made:
    """The version that the material makes after those that were there before."""
    found, together = alike.ties(material, before)
    dataset = material.dataset
    columns = (material.documents[name].to_pylist() for name in ("document_id", "content_digest", "characters"))
    documents = [
        Document(name, characters, before.sides.get(name, 0), (name, digest) in before.texts)
        for name, digest, characters in zip(*columns, strict=True)
    ]
    placed = split.place(documents, found, dataset.split, dataset.near.keep == "one")
    possible = [one for one in material.answers if placed[one.document].side]
    parts = (possible[at : at + ANSWERS_A_PART] for at in range(0, len(possible), ANSWERS_A_PART))
    numbers = [number for part in processes.mapped(_numbers, map(_texts, parts), len, FEW_ANSWERS) for number in part]
    why = equal_answers.left_out(numbers, [placed[one.document].side for one in possible], before.answers)
    answers = [one for one, reason in zip(possible, why, strict=True) if reason is None]
    with_example = {one.document for one in answers}
    reasons = [one.reason or (None if at in with_example else NO_ANSWER_LEFT) for at, one in enumerate(placed)]
    return Made(material, found, together, placed, answers, reasons, Counter(one for one in why if one is not None))


def kind(reason: str) -> str:
    """A reason without the name of another document."""
    return reason.partition(",")[0] if reason.startswith("near.keep") else reason


def _texts(part: Sequence[Answer]) -> list[str]:
    return [one.summary for one in part]


def _numbers(texts: Sequence[str]) -> list[int]:
    return [shingles.whole(text) for text in texts]
