"""A feature group as a use case takes it: which version, by which columns, and which of its features."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lakehouse.declaration.section import Name, Section, unknown

if TYPE_CHECKING:
    from lakehouse.declaration.feature_group import FeatureGroup
    from lakehouse.declaration.known import Known
    from lakehouse.declaration.source import Source
    from lakehouse.declaration.use_case import Feature, UseCase

# The longest name of a column.
LONGEST = 63
_CALLED_LIKE_A_GROUPS = re.compile(r"([a-z][a-z0-9_]*?_v[0-9]+)_")


class GroupUse(Section):
    """A version of a group that a use case takes.

    ``key`` maps columns of the group's key to columns of the entity's source; by default they have the same names. ``features``
    are those that are taken, by default all. Each is called ``<group>_v<version>_<feature>`` here.

    ``as_known``: latest, the group's rows as they are now, corrections included; served, each day's rows as they were built
    first, whatever was corrected later.

    ``learn: false`` keeps the features in the table for a champion that was trained on them; new models don't see them.
    """

    group: Name
    version: int = Field(ge=1)
    key: Mapping[Name, Name] = Field(default_factory=dict)
    features: tuple[Name, ...] | None = Field(default=None, min_length=1)
    as_known: Literal["latest", "served"] = "latest"
    learn: bool = True

    @property
    def label(self) -> str:
        """The group and its version, in words."""
        return f"{self.group} v{self.version}"


@dataclass(frozen=True)
class Taken:
    """What a use case takes of a group: the ``use`` that it declares, and the ``group``."""

    use: GroupUse
    group: FeatureGroup

    @property
    def key(self) -> dict[str, str]:
        """By column of the group's key the column of the entity's source."""
        return {name: self.use.key.get(name, name) for name in self.group.key_names}

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features by their names in the use case, in the group's order."""
        wanted = self.group.feature_names if self.use.features is None else self.use.features
        return tuple(
            feature.model_copy(update={"name": f"{self.group.table_name}_{feature.name}"})
            for feature in self.group.features
            if feature.name in wanted
        )

    @property
    def columns(self) -> dict[str, str]:
        """By name in the use case the group's own name of each feature."""
        return {feature.name: feature.name.removeprefix(f"{self.group.table_name}_") for feature in self.features}


def remedy(features: Iterable[str]) -> str:
    """What to do where a model reads features that the use case does not declare, and some are called like a group's."""
    named = sorted({found.group(1) for name in features if (found := _CALLED_LIKE_A_GROUPS.match(name))})
    if not named:
        return ""
    return (
        f"; until then take {', '.join(named)} again, with learn: false in the section groups: its folder has to be "
        "below include/features"
    )


def of_names(uses: tuple[GroupUse, ...], known: Known) -> Iterator[str]:
    """What is named and is not declared; the other rules need these groups."""
    labels = {f"{name} v{version}": found for (name, version), found in sorted(known.groups.items())}
    yield from unknown("groups", [use.label for use in uses], labels, "the feature groups")
    for use in uses:
        if use.label in labels and labels[use.label] is None:
            yield f"groups: the declaration of the feature group {use.label}, which it takes, is wrong itself"


def of_sections(use_case: UseCase) -> Iterator[str]:
    """What the taken groups say against the other sections; ``of_names`` has found nothing."""
    labels = [taken.use.label for taken in use_case.taken]
    if repeated := sorted({label for label in labels if labels.count(label) > 1}):
        yield f"groups: taken twice: {', '.join(repeated)}; expected one entry with all its features"
    population = use_case.source(use_case.entity.source)
    for taken in use_case.taken:
        field = f"groups.{taken.use.label}"
        yield from _key(taken, population, field)
        yield from unknown(f"{field}.features", taken.use.features or (), taken.group.feature_names, "the group's")
        if long := [feature.name for feature in taken.features if len(feature.name) > LONGEST]:
            yield f"{field}: {long[0]} is longer than {LONGEST} characters; expected shorter names of the group and its features"
        yield from _calendar(use_case, taken, field)
    if use_case.taken and not use_case.feature_names:
        yield "groups: a model has no feature to learn from; expected one without learn: false"


def _key(taken: Taken, population: Source, field: str) -> Iterator[str]:
    yield from unknown(f"{field}.key", taken.use.key, taken.group.key_names, "the group's key")
    types = population.column_types
    for column in taken.group.key:
        name = taken.key[column.name]
        if name not in types:
            yield (
                f"{field}.key: {population.name} has no column {name} for {column.name}; expected a mapping, such as key: "
                f"{column.name}: {population.column_names[0]}, to one of {', '.join(population.column_names)}"
            )
        elif types[name] != column.type:
            yield f"{field}.key: {name} is {types[name]} in {population.name}; expected {column.type} as in the group"


def _calendar(use_case: UseCase, taken: Taken, field: str) -> Iterator[str]:
    own, other = use_case.calendar, taken.group.calendar
    if own.timezone != other.timezone:
        yield f"calendar.timezone: expected {other.timezone} as in {field}, by which its days begin, found {own.timezone}"
    if own.start < other.start:
        yield f"calendar.start: expected {other.start} at the earliest, where {field} starts, found {own.start}"
    if other.end is not None and (own.end is None or own.end > other.end):
        yield f"calendar.end: expected {other.end} at the latest, where {field} ends, found {own.end or 'none'}"
