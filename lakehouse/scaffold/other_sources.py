"""Sources of a sample beside the entity's and the label's: reference tables are joined, daily ones are declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.scaffold import contract, feature_choice, source_format, split_choice
from lakehouse.scaffold.day_choice import DayChoice
from lakehouse.scaffold.draft import ReferenceDraft, SourceDraft
from lakehouse.scaffold.landing_split import LandingSplit, Part
from lakehouse.scaffold.outline import Outline
from lakehouse.scaffold.request import Request
from lakehouse.scaffold.sample import Sample
from lakehouse.scaffold.source_names import SourceNames, is_in_place


@dataclass
class OtherSources:
    """Declares and lands the other sources.

    Attributes:
        request: what is asked for.
        outline: says which they are.
        names: gives them names.
        folder: gets their deliveries; None where nothing is landed.
    """

    request: Request
    outline: Outline
    names: SourceNames
    folder: Path | None
    _made: list[SourceDraft] = field(default_factory=list)

    def sources(self, days: Sequence[dt.date]) -> list[SourceDraft]:
        """Those that have a key, landed: a reference table as what was known on the first day."""
        self._made = [made for sample in self.outline.others if (made := self._source(sample, days)) is not None]
        return self._made

    def references(self, entity: SourceDraft, taken: Sequence[str]) -> Iterator[ReferenceDraft]:
        """Reference tables whose key is a column of the entity's source."""
        types = {column.name: column.type for column in entity.columns}
        for source in self._made:
            key = source.key[0]
            own = next(column for column in source.columns if column.name == key)
            if source.days == 1 and len(source.key) == 1 and types.get(key) == own.type:
                found = feature_choice.reference(source.name, source.columns, key, taken)
                if found.columns:
                    yield found

    def _source(self, sample: Sample, days: Sequence[dt.date]) -> SourceDraft | None:
        daily, in_place = sample.source.daily, is_in_place(sample, self.request.landing)
        key = self._key(sample)
        if not key:
            return None
        known = contract.of(sample, key, texts_mean_nothing=not in_place or sample.source.files[0].kind == "csv")
        part = Part(
            self.names.take(sample.name, in_place=in_place), (*key, *(n for n in known.columns if n not in key))
        )
        choice = DayChoice("the day in each file's name", lambda file, _, n: iter([file.day or days[0]] * n))
        landed = LandingSplit(sample, known, choice, key, (part,), None if in_place else self.folder).run()
        no_gap = len(landed.rows) == (landed.days[-1] - landed.days[0]).days + 1
        return SourceDraft(
            name=part.source,
            description="further rows of a day" if daily else "a reference table",
            key=tuple(known.columns[name].name for name in key),
            columns=tuple(known.columns[n].required() if n in key else known.columns[n] for n in part.columns),
            daily=daily and no_gap,
            arrives_after_days=1 if daily else 0,
            format=source_format.of(sample, known, in_place),
            volume=split_choice.volume(landed.rows) if daily and no_gap else None,
            remarks=("No feature reads it yet: name it in inputs, and use it in features.py.",) if daily else (),
            rows=landed.rows.total(),
            days=len(landed.rows),
        )

    def _key(self, sample: Sample) -> tuple[str, ...]:
        """Columns that identify its rows: one that alone does, first one that the entities have too; else those of --key."""
        alone = [
            name
            for name, column in sample.columns.items()
            if column.identifies and sample.kind(name) in ("string", "long")
        ]
        shared = [name for name in alone if self.outline.entity.has(name)]
        if shared or (alone and not sample.source.daily):
            return ((shared or alone)[0],)
        if self.request.key and all(sample.has(name) for name in self.request.key):
            return tuple(sample.delivered("--key", name) for name in self.request.key)
        return ()
