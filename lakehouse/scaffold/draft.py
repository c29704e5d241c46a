"""A use case before it is written: what the files of its folder will say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from lakehouse.scaffold.contract import ContractColumn
from lakehouse.scaffold.label_choice import LabelChoice
from lakehouse.scaffold.split_choice import SplitChoice, VolumeChoice

# The window of means of the label.
MEAN_DAYS = 28


@dataclass(frozen=True)
class SourceDraft:
    """A source and its contract.

    Attributes:
        name: of the source.
        description: of it.
        key: names of its key's columns.
        columns: in their order.
        daily: whether every day has a delivery; else it is occasional.
        arrives_after_days: as declared.
        format: the fields of its ``format`` that differ from what is meant when nothing is said.
        volume: limits of a day's rows.
        remarks: comments, a line each.
        rows: how many the sample has.
        days: on how many days.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[ContractColumn, ...]
    daily: bool
    arrives_after_days: int = 0
    format: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    volume: VolumeChoice | None = None
    remarks: tuple[str, ...] = ()
    rows: int = 0
    days: int = 0


@dataclass(frozen=True)
class FeatureDraft:
    """A feature: its name, what it is, and how Spark computes it, as Python."""

    name: str
    description: str
    expression: str
    category: bool = False


@dataclass(frozen=True)
class MeanDraft:
    """The mean of the labels of the last days, by columns of the entity; by none: of all rows."""

    name: str
    by: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class ReferenceDraft:
    """A reference source whose numbers the features take: joined by a column that both have."""

    source: str
    key: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Draft:
    """A use case.

    Attributes:
        name: of the use case.
        sample: the files that it was written from, in words.
        owner: who answers for it.
        timezone: of its calendar.
        end: the calendar's end; None while deliveries keep coming.
        sources: its sources: the entity's, the label's, then others.
        entity: the name of the entity's source. key: of its rows.
        label: what is predicted. label_source: where it comes from.
        maturity: after so many days.
        features: plain ones, then ``means``.
        means: of the label.
        references: sources that are joined.
        split: days to train, tune and judge on.
        slices: columns by which performance is measured too.
        remarks: what was assumed, for the comment at the top and the screen.
    """

    name: str
    sample: str
    owner: str
    timezone: str
    start: dt.date
    end: dt.date | None
    sources: tuple[SourceDraft, ...]
    entity: str
    key: tuple[str, ...]
    label: LabelChoice
    label_source: str
    maturity: int
    features: tuple[FeatureDraft, ...]
    means: tuple[MeanDraft, ...]
    references: tuple[ReferenceDraft, ...]
    split: SplitChoice
    slices: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def source(self, name: str) -> SourceDraft:
        """The source of that name."""
        return next(source for source in self.sources if source.name == name)
