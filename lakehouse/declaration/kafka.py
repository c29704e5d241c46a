"""The topic of a source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from lakehouse.declaration.section import Name, Section, refuse, twice

# What Kafka allows; a name of dots alone is a folder's.
Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$", max_length=249)]
Delivered = Annotated[str, Field(min_length=1, max_length=500)]


class KafkaFields(Section):
    """What a message has besides its value, each as a field of the row, by the delivered name of a column.

    ``key`` is its text, ``timestamp`` what the producer or the broker wrote, ``partition`` and ``offset`` its place in the topic.
    ``deleted`` says whether the message is a tombstone: with it a message without a value is a row of its key and true, and every
    other one has false. Without it a tombstone is a reject.
    """

    key: Delivered | None = None
    timestamp: Delivered | None = None
    partition: Delivered | None = None
    offset: Delivered | None = None
    deleted: Delivered | None = None

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> KafkaFields:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        yield from twice("fields", self.names)
        if self.deleted is not None and self.key is None:
            yield "fields.deleted: a message without a value has nothing but its key; expected key, the field that gets it"

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, as a delivery has them."""
        found = (self.key, self.timestamp, self.partition, self.offset, self.deleted)
        return tuple(name for name in found if name is not None)


class Kafka(Section):
    """The topic that a source is read from, night by night, by offsets.

    ``connection`` names an Airflow connection; outside Airflow the address is in ``NIGHTJAR_CONNECTION_<NAME>``. A message's value
    is a JSON object, whose fields are those of the columns. The first window begins with the oldest message that there is, or with
    ``since``: the first one that is as late as the midnight, of the calendar's time zone, that starts this day.
    """

    connection: Name
    topic: Topic
    value: Literal["json"] = "json"
    fields: KafkaFields = Field(default_factory=KafkaFields)
    since: dt.date | None = None
