"""How a source's deliveries are written, and what each must satisfy as a whole: its files, its number of rows, its due time."""

from __future__ import annotations

import codecs

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.section import Section

DECIMALS = (".", ",")
# What the parser ends rows and cells with.
_NO_DELIMITER = frozenset('"\r\n\0\ufeff')


class Volume(Section):
    """How many rows a delivery may have, as shares of the median of the deliveries for the days before its own.

    A correction may have any number of rows. With fewer than ``min_days`` deliveries among the ``of_days`` days before, as in a
    source's first days, nothing is checked.
    """

    at_least: float = Field(default=0.5, ge=0, le=1)
    at_most: float = Field(default=2.0, ge=1)
    of_days: int = Field(default=28, ge=1, le=366)
    min_days: int = Field(default=7, ge=1, le=366)

    @model_validator(mode="after")
    def _can_be_checked(self) -> Volume:
        if self.min_days > self.of_days:
            raise ValueError(
                f"min_days: {self.of_days} days (of_days) never have {self.min_days} deliveries; expected at most that"
            )
        return self


class Freshness(Section):
    """When a day's delivery is due: so many hours after the local midnight of the day on which it arrives."""

    hours: float = Field(gt=0, le=24 * 31)


class TextFormat(Section):
    """How CSV files are written. ``encoding`` holds for JSON lines too, the other fields for CSV alone.

    ``null_values`` are the texts that mean no value, next to an empty cell; ``decimal`` stands in numbers of type double.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    null_values: tuple[str, ...] = ()

    @field_validator("encoding")
    @classmethod
    def _encoding_is_of_text(cls, value: str) -> str:
        try:
            known = codecs.lookup(value)
        except (LookupError, ValueError) as error:
            raise ValueError(f"the name of an encoding such as latin-1 is expected, found {value!r}") from error
        # Python also has codecs that are no encodings of text, such as base64; and nothing else says so.
        if not getattr(known, "_is_text_encoding", True) or known.name in ("idna", "punycode", "undefined"):
            raise ValueError(f"an encoding of text such as latin-1 is expected, found {value!r}")
        return known.name

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_one_character(cls, value: str) -> str:
        if len(value) != 1 or value in _NO_DELIMITER or not value.isascii():
            raise ValueError(f"one character that is neither a quote nor a line end is expected, found {value!r}")
        return value

    @field_validator("decimal")
    @classmethod
    def _decimal_is_a_mark(cls, value: str) -> str:
        if value not in DECIMALS:
            raise ValueError(f"a point or a comma is expected, found {value!r}")
        return value

    @model_validator(mode="after")
    def _null_values_are_trimmed(self) -> TextFormat:
        if wrong := [value for value in self.null_values if not value or value != value.strip(" \t")]:
            raise ValueError(f"null_values: texts without blanks around them are expected, found {wrong[0]!r}")
        return self


class Files(Section):
    """When a day's folder ``<source>/<day>/`` with several files is whole: when its ``marker`` is there, or ``count`` files."""

    marker: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    count: int | None = Field(default=None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _say_when_it_is_whole(self) -> Files:
        if (self.marker is None) == (self.count is None):
            raise ValueError("marker or count: expected exactly one of them, to know when a day's folder is whole")
        return self
