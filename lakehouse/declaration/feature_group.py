"""A feature group: features of a key that any number of use cases take, by name and version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PrivateAttr, Tag, ValidationInfo, model_validator

from lakehouse.declaration import agreement, reserved_names
from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.deliver import MongoTarget, SqlTarget
from lakehouse.declaration.known import Known
from lakehouse.declaration.section import Name, Section, refuse, twice, unknown
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.source import Source
from lakehouse.declaration.use_case import Feature, Input


class KeyColumn(Section):
    """A column of the key. No fractions and no instants: what identifies has to be equal to the last digit."""

    name: Name
    type: Literal["string", "int", "long", "boolean", "date"]
    description: str = ""


class DeltaServing(Section):
    """A Delta table of the lakehouse, ``gold.<group>_v<version>_serving``, replaced in one commit."""

    to: Literal["delta"]

    @property
    def connection(self) -> None:
        """It needs none."""


class SqlServing(SqlTarget):
    """A table of an SQL database, changed in one transaction."""

    to: Literal["sql"]


class MongoServing(MongoTarget):
    """A collection of MongoDB, in generations; one document says which counts."""

    to: Literal["mongo"]


def _kind(value: Any) -> Any:
    return value.get("to") if isinstance(value, dict) else getattr(value, "to", None)


Serving = Annotated[
    Annotated[DeltaServing, Tag("delta")] | Annotated[SqlServing, Tag("sql")] | Annotated[MongoServing, Tag("mongo")],
    Discriminator(_kind),
]


class FeatureGroup(Section):
    """Features of a key, as ``include/features/<name>/v<version>/group.yaml`` declares them.

    The transform in ``features.py`` beside it gives one row a key and day, for whichever keys it knows on that day. A row is used
    until a newer one of its key, and at most ``ttl_days`` days after its own. The inputs are shared sources: a group belongs to no
    use case.

    ``publish`` keeps each key's newest row in a serving table, for applications that score online.
    """

    name: Name
    version: int = Field(ge=1, le=9999)
    title: str
    description: str
    owner: str
    calendar: Calendar
    key: tuple[KeyColumn, ...] = Field(min_length=1)
    inputs: tuple[Input, ...] = Field(min_length=1)
    features: tuple[Feature, ...] = Field(min_length=1)
    ttl_days: int = Field(ge=0, le=366)
    publish: Serving | None = None
    _shared: tuple[SharedSource, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _fits_its_sources(self, info: ValidationInfo) -> FeatureGroup:
        known = Known.of(info.context)
        refuse(self._problems(known))
        found = (known.sources.get(item.source) for item in self.inputs)
        self._shared = tuple(source for source in found if source is not None)
        refuse(self._problems_of_inputs())
        return self

    @property
    def table_name(self) -> str:
        """Its name with the version, which its table, its DAG and its features begin with."""
        return f"{self.name}_v{self.version}"

    @property
    def shared(self) -> tuple[SharedSource, ...]:
        """The shared sources that it reads."""
        return self._shared

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the sources that it reads."""
        return tuple(item.source for item in self.inputs)

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the key's columns."""
        return tuple(column.name for column in self.key)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, as the transform gives them."""
        return tuple(feature.name for feature in self.features)

    @property
    def own_feature_names(self) -> tuple[str, ...]:
        """The same: a group takes no features of others."""
        return self.feature_names

    @property
    def own_category_names(self) -> tuple[str, ...]:
        """Those of the features that are categories."""
        return tuple(feature.name for feature in self.features if feature.type == "category")

    @property
    def own_number_names(self) -> tuple[str, ...]:
        """Those of the features that are numbers."""
        return tuple(feature.name for feature in self.features if feature.type == "number")

    def source(self, name: str) -> Source:
        """The source of that name, which it reads."""
        return next(shared.source for shared in self._shared if shared.name == name)

    def _problems(self, known: Known) -> Iterator[str]:
        names, keys = self.feature_names, self.key_names
        if "scores" in self.calendar.model_fields_set:
            yield "calendar.scores: a group is built every day; expected this field in the use cases that take it, and not here"
        yield from twice("key", keys)
        yield from twice("features", names)
        yield from twice("inputs", self.reads)
        taken = reserved_names.OF_USE_CASES | reserved_names.OF_GROUPS
        for field, found in (("key", keys), ("features", names)):
            if clash := sorted(taken.intersection(found)):
                yield f"{field}: {', '.join(clash)} belong to the platform, choose other names"
        if both := sorted(set(keys).intersection(names)):
            yield f"features: {', '.join(both)} is a column of key too; expected another name of the feature"
        wrong = [name for name in self.reads if name in known.sources and known.sources[name] is None]
        for name in wrong:
            yield f"inputs: the declaration of the shared source {name}, which it reads, is wrong itself"
        what = "the shared sources (a group reads no source of a use case: move such a source to include/sources)"
        yield from unknown("inputs", self.reads, known.sources, what)

    def _problems_of_inputs(self) -> Iterator[str]:
        yield from agreement.calendars(self)
        for item in self.inputs:
            yield from agreement.window(item, self.source(item.source))
        if all(self.source(name).cadence == "occasional" for name in self.reads):
            yield "inputs: expected a daily source among them: the arrival of its day is what a day of the group is built after"
