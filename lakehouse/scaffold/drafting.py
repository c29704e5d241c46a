"""From the roles of a sample's sources to a draft of the use case; the deliveries are written on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lakehouse.errors import BadArguments
from lakehouse.scaffold import contract, feature_choice, label_choice, source_format, source_parts, split_choice
from lakehouse.scaffold.contract import Contract, ContractColumn
from lakehouse.scaffold.draft import Draft, MeanDraft, SourceDraft
from lakehouse.scaffold.landing_split import ROW_NUMBER, Landed, LandingSplit, Part
from lakehouse.scaffold.other_sources import OtherSources
from lakehouse.scaffold.outline import Outline
from lakehouse.scaffold.request import Request
from lakehouse.scaffold.sample import Sample
from lakehouse.scaffold.source_names import SourceNames, is_in_place

_MADE_UP = ContractColumn(ROW_NUMBER, ROW_NUMBER, "long", False, seen="counted by `new`", is_id=True)


@dataclass
class Drafting:
    """Makes a draft of what was seen.

    Attributes:
        request: what is asked for.
        outline: the roles of sources and columns.
        folder: gets the deliveries, a folder a source; None where nothing is landed.
    """

    request: Request
    outline: Outline
    folder: Path | None

    def draft(self) -> Draft:
        """Go through the rows, land them, and choose everything.

        Raises:
            BadArguments: when the sample can't be a use case.
        """
        names = SourceNames(self.request.name, self.request.landing)
        entity, outcomes, landed = self._sources(names)
        outline, days = self.outline, self._newest_run(landed)
        label = self._label(outcomes)
        split = split_choice.choose({day: landed.rows[day] for day in days}, self.request.label_arrives_after)
        daily = len(days) == (days[-1] - days[0]).days + 1
        if not daily:
            entity, outcomes = replace(entity, daily=False, volume=None), replace(outcomes, daily=False, volume=None)
        key = set(entity.key)
        day_column = outline.days.column and outline.entity.names.get(outline.days.column)
        features = feature_choice.of_day(entity.columns, entity.key, day_column, len(days), outline.days.made_up)
        taken = [*(column.name for column in entity.columns), *(feature.name for feature in features)]
        others = OtherSources(self.request, outline, names, self.folder)
        return Draft(
            name=self.request.name,
            sample=", ".join(self.request.files),
            owner=self.request.owner,
            timezone=self.request.timezone,
            start=days[0],
            end=None if outline.entity.source.daily and not outline.days.made_up else days[-1],
            sources=(entity, outcomes, *others.sources(days)),
            entity=entity.name,
            key=entity.key,
            label=label,
            label_source=outcomes.name,
            maturity=self.request.label_arrives_after,
            features=tuple(features),
            means=tuple(self._means(entity, landed, label, taken))
            if daily and len(days) > feature_choice.DAYS_FOR_MEANS
            else (),
            references=tuple(others.references(entity, [*taken, *key])),
            split=split,
            slices=feature_choice.slices(entity.columns, entity.key),
            remarks=(*outline.remarks, *self._remarks(landed, days, daily, label, split)),
        )

    def _sources(self, names: SourceNames) -> tuple[SourceDraft, SourceDraft, Landed]:
        outline, request = self.outline, self.request
        late = request.label_arrives_after
        if outline.in_one:
            known = self._contract(outline.entity, outline.key, outline.label, rewritten=True)
            entity_name = names.take(outline.entity.name)
            outcomes_name = names.take(entity_name, "_outcomes")
            later = (outline.label, *outline.known_later)
            rows = tuple(name for name in known.columns if name not in later and name not in outline.key)
            parts = (Part(entity_name, (*outline.key, *rows)), Part(outcomes_name, (*outline.key, *later)))
            landed = self._land(outline.entity, known, outline.key, parts)
            own = self._source(outline.entity, known, parts[0], outline.key, landed, 0)
            other = self._source(outline.entity, known, parts[1], outline.key, landed, late)
            return own, other, landed
        made = []
        for sample, key, arrives in ((outline.entity, outline.key, 0), (outline.outcomes, outline.outcomes_key, late)):
            in_place = is_in_place(sample, request.landing)
            known = self._contract(sample, key, outline.label if arrives else None, rewritten=not in_place)
            columns = sample.as_they_lie if in_place else list(known.columns)
            part = Part(
                names.take(sample.name, in_place=in_place), (*key, *(name for name in columns if name not in key))
            )
            landed = self._land(sample, known, key, () if in_place else (part,))
            made.append((self._source(sample, known, part, key, landed, arrives, in_place), landed))
        (own, landed), (other, _) = made
        return own, source_parts.with_key_of(own, other), landed

    def _contract(self, sample: Sample, key: tuple[str, ...], label: str | None, rewritten: bool) -> Contract:
        kept = [name for name in (*key, label) if name is not None and name in sample.columns]
        csv = sample.source.files[0].kind == "csv"
        return contract.of(sample, kept, texts_mean_nothing=csv or rewritten)

    def _land(self, sample: Sample, known: Contract, key: tuple[str, ...], parts: tuple[Part, ...]) -> Landed:
        days = self.outline.days if sample is self.outline.entity else self.outline.outcome_days
        landed = LandingSplit(sample, known, days, key, parts, self.folder if parts else None).run()
        if not landed.rows:
            raise BadArguments(
                f"--from: expected rows of {sample.name} with a day and a key, found none in {sample.rows} rows"
            )
        return landed

    def _source(
        self,
        sample: Sample,
        known: Contract,
        part: Part,
        key: tuple[str, ...],
        landed: Landed,
        arrives: int,
        in_place: bool = False,
    ) -> SourceDraft:
        columns = {ROW_NUMBER: _MADE_UP, **known.columns}
        chosen = [columns[name].required() if name in key else columns[name] for name in part.columns]
        if in_place:
            chosen = [replace(column, delivered=sample.written[column.delivered]) for column in chosen]
        of_label = arrives > 0
        return SourceDraft(
            name=part.source,
            description=f"what became of the rows, {arrives} day(s) after theirs"
            if of_label
            else "the rows of a day, known before it",
            key=tuple(columns[name].name for name in key),
            columns=tuple(chosen),
            daily=True,
            arrives_after_days=arrives,
            format=source_format.of(sample, known, in_place),
            volume=split_choice.volume(landed.rows),
            remarks=tuple(source_parts.remarks(sample, landed, in_place)),
            rows=landed.rows.total(),
            days=len(landed.rows),
        )

    def _label(self, outcomes: SourceDraft) -> label_choice.LabelChoice:
        request = self.request
        name = self.outline.outcomes.names[self.outline.label]
        column = next(column for column in outcomes.columns if column.name == name)
        return label_choice.choose(column, request.task, request.positive, request.at_least)

    def _newest_run(self, landed: Landed) -> list[dt.date]:
        """The days to use: those without a gap up to the newest where they have most rows, else all."""
        days = landed.days
        run = [days[-1]]
        for day in reversed(days[:-1]):
            if (run[-1] - day).days > 1:
                break
            run.append(day)
        rows = sum(landed.rows[day] for day in run)
        return sorted(run) if rows * 2 > landed.rows.total() and len(run) > feature_choice.DAYS_FOR_MEANS else days

    def _means(
        self, entity: SourceDraft, landed: Landed, label: label_choice.LabelChoice, taken: list[str]
    ) -> list[MeanDraft]:
        # Over days that are made up there is nothing to be seen.
        if self.outline.days.made_up or label.expression is None:
            return []
        rows, what = landed.rows.total(), label.column.delivered
        return feature_choice.means(entity.columns, entity.key, landed.keys, rows, what, taken)

    def _remarks(
        self,
        landed: Landed,
        days: list[dt.date],
        daily: bool,
        label: label_choice.LabelChoice,
        split: split_choice.SplitChoice,
    ) -> Iterator[str]:
        yield f"Days: {self.outline.days.how}; {len(days)} from {days[0]} to {days[-1]}."
        if self.outline.days.made_up:
            yield "The days are MADE UP: metrics by day and drift mean nothing until real deliveries come."
        if len(days) < len(landed.rows):
            yield f"{len(landed.rows) - len(days)} older days are left out: days are missing between them and these."
        if not daily:
            yield "Days are missing, so its sources are occasional: no day is waited for, and earlier labels are no features."
        late = self.request.label_arrives_after
        yield f"The label {label.column.delivered} arrives {late} day(s) after its day: assumed, unless you said so."
        if self.outline.in_one:
            yield "Every other column is taken to be known before its day. If not: --known-later COLUMN."
        if split.rows[0] < split_choice.TRAIN_ROWS:
            yield f"Training refuses fewer than {split_choice.TRAIN_ROWS} rows, the train window has {split.rows[0]}: give more."
