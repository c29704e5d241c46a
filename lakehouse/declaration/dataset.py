"""A dataset for fine-tuning language models, made from documents."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.dataset_calls import DatasetCalls
from lakehouse.declaration.dataset_documents import Documents, Filter, Heuristics, Near
from lakehouse.declaration.dataset_release import DatasetCard, DatasetGate, Publish
from lakehouse.declaration.dataset_split import DatasetSplit
from lakehouse.declaration.known import Known
from lakehouse.declaration.retention import DatasetRetention
from lakehouse.declaration.run_budget import RunBudget
from lakehouse.declaration.section import Name, refuse, twice, unknown
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.source import Source


class Dataset(DatasetCalls):
    """A dataset as ``include/<name>/dataset.yaml`` declares it; ``standardise.py`` beside it may change a document's text.

    Its documents are the rows of a shared source: deliveries, contract, ledger and corrections are those of every source.
    """

    name: Name
    title: str
    description: str
    owner: str
    documents: Documents
    heuristics: Heuristics = Field(default_factory=Heuristics)
    filter: Filter = Field(default_factory=Filter)
    near: Near = Field(default_factory=Near)
    split: DatasetSplit = Field(default_factory=DatasetSplit)
    gate: DatasetGate = Field(default_factory=DatasetGate)
    card: DatasetCard = Field(default_factory=DatasetCard)
    publish: Publish = Field(default_factory=Publish)
    # What its runs may cost before people are told; ``budget`` is what its paid calls may. No part of what a version was made from.
    run_budget: RunBudget | None = Field(default=None, exclude=True)
    # How many of the newest days stay.
    retention: DatasetRetention = Field(default_factory=DatasetRetention)
    _shared: SharedSource | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _fits_its_source(self, info: ValidationInfo) -> Dataset:
        known = Known.of(info.context)
        name = self.documents.source
        if name in known.sources and known.sources[name] is None:
            raise ValueError(
                f"documents.source: the declaration of the shared source {name}, which it reads, is wrong itself"
            )
        refuse(unknown("documents.source", [name], known.sources, "the shared sources"))
        self._shared = known.sources[name]
        refuse(self._problems_of_source())
        return self

    @property
    def source(self) -> Source:
        """The source of its documents."""
        assert self._shared is not None
        return self._shared.source

    @property
    def shared(self) -> tuple[SharedSource, ...]:
        """The shared source that it reads."""
        return () if self._shared is None else (self._shared,)

    @property
    def calendar(self) -> Calendar:
        """The days of the source's deliveries."""
        assert self._shared is not None
        return self._shared.calendar

    def _problems_of_source(self) -> Iterator[str]:
        source, documents = self.source, self.documents
        types = source.column_types
        for field, name in documents.columns:
            yield from unknown(f"documents.{field}", [name], types, f"the columns of source {source.name}")
        yield from twice("documents.together", documents.together)
        if source.key != (documents.id,):
            yield (
                f"documents.id: expected the whole key of source {source.name} ({', '.join(source.key)}), found {documents.id}; a "
                "document has one column that identifies it"
            )
        if types.get(documents.text, "string") != "string":
            yield f"documents.text: expected a column of texts, found {documents.text}, a {types[documents.text]}"
        deleted = documents.deleted
        if deleted is not None and types.get(deleted, "boolean") != "boolean":
            yield f"documents.deleted: expected a true or false column, found {deleted}, a {types[deleted]}"
        if self.filter.licences and documents.licence is None:
            yield "filter.licences: needs documents.licence, the column that says it"
        if self.gate.licences and documents.licence is None:
            yield "gate.licences: needs documents.licence, the column that says it"
        if self.filter.grade is not None and self.grade is None:
            yield "filter.grade: needs grade, which declares who gives it"
