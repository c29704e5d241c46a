"""From a row of the source to a document: its text, and all that the filter does not decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jobs.documents import filtering, version
from jobs.documents.measures import measures
from jobs.documents.normalised import in_one_line, normalised
from jobs.documents.plain_text import text_of
from lakehouse import fingerprints
from lakehouse.corpus import pii, shingles
from lakehouse.declaration import Dataset, standardise
from lakehouse.declaration.dataset_documents import Documents, KindColumn, TextKind
from lakehouse.errors import TransformBroken
from lakehouse.ops.erasures import Tombstones

Row = Mapping[str, Any]
Made = dict[str, Any]


@dataclass(frozen=True)
class Maker:
    """What decides text and measures of a dataset's documents. It can be sent to another process.

    Attributes:
        name: of the dataset.
        documents: how a row is read.
        ngram: how many words a run of the signature has.
        own: the dataset's ``standardise.py``; None where there is none.
        columns: of the source, which ``standardise`` gets.
        declared: digest of all of that, and of the code.
        erased: what stays out.
    """

    name: str
    documents: Documents
    ngram: int
    own: Path | None
    columns: tuple[str, ...]
    declared: str
    erased: Tombstones

    @classmethod
    def of(cls, dataset: Dataset, erased: Tombstones) -> Maker:
        """That of a dataset."""
        declared = fingerprints.digest(
            dataset.documents.model_dump_json(), dataset.near.ngram, standardise.digest(dataset), version.MADE
        )
        columns = tuple(dataset.source.column_types)
        return cls(
            dataset.name, dataset.documents, dataset.near.ngram, standardise.file(dataset), columns, declared, erased
        )

    def measured_from(self, row: Row) -> str:
        """Digest of what decides a row's text and measures."""
        said = json.dumps([row[name] for name in self.columns], default=str)
        return fingerprints.digest(self.declared, said)

    def document_id(self, row: Row) -> str:
        """The id of a row's document."""
        return str(row[self.documents.id])

    def make(self, rows: Iterable[Row]) -> list[Made]:
        """The documents of these rows, without those that were erased.

        Raises:
            TransformBroken: when ``standardise.py`` fails, or gives something else than a text or None.
        """
        return [self._document(row) for row in rows if not self.erased.has(self.document_id(row))]

    def _document(self, row: Row) -> Made:
        said, redacts = self.documents, self.documents.pii == "redact"
        text, made = self._text(row)
        counts = pii.counts(text)
        if redacts and counts:
            text = normalised(pii.redact(text))
        title = in_one_line(_said(row, said.title) or "") or None
        together = [f"{name}={row[name]}" for name in said.together if row[name] is not None]
        return {
            "document_id": self.document_id(row),
            "title": pii.redact(title) if title and redacts else title,
            "text": text,
            "content_digest": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            "url": _said(row, said.url),
            "licence": _said(row, said.licence),
            "together": json.dumps(together, ensure_ascii=False),
            **measures(text),
            "pii": sum(counts.values()),
            "pii_counts": json.dumps(counts),
            "signature": shingles.signature(text, self.ngram),
            "deleted": bool(said.deleted is not None and row[said.deleted]),
            "delivery_id": row["delivery_id"],
            "measured_from": self.measured_from(row),
            "made": made,
        }

    def _text(self, row: Row) -> tuple[str, str | None]:
        """The text, and why there is none where the dataset's own declaration says so."""
        kind, unknown = self._kind(row)
        value = row[self.documents.text]
        if kind is None:
            return "", unknown
        text = text_of(value, kind) if value is not None else ""
        if self._standardise is None:
            return text, None
        own = self._standardised(text, row)
        return ("", filtering.LEFT_OUT) if own is None else (normalised(own), None)

    def _kind(self, row: Row) -> tuple[TextKind | None, str | None]:
        said = self.documents.format
        if not isinstance(said, KindColumn):
            return said, None
        value = row[said.column]
        kind = said.values.get(str(value), said.otherwise)
        return kind, None if kind else filtering.no_kind(value, said.values)

    def _standardised(self, text: str, row: Row) -> str | None:
        assert self._standardise is not None
        about = f"dataset {self.name}, document {self.document_id(row)}: {self.own}"
        try:
            found = self._standardise(text, {name: row[name] for name in self.columns})
        except Exception as error:
            raise TransformBroken(
                f"{about}: standardise failed: {type(error).__name__}: {' '.join(str(error).split())}; correct it, or let it "
                "return None for what it can't read"
            ) from error
        if found is not None and not isinstance(found, str):
            raise TransformBroken(f"{about}: expected a text or None from standardise, found {type(found).__name__}")
        return found

    @cached_property
    def _standardise(self) -> standardise.Standardise | None:
        return None if self.own is None else standardise.load(self.own)

    def __getstate__(self) -> dict[str, Any]:
        """Without the loaded function: another process loads its own."""
        return {name: value for name, value in self.__dict__.items() if name != "_standardise"}


def _said(row: Row, column: str | None) -> str | None:
    return None if column is None or row[column] is None else str(row[column])
