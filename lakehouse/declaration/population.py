"""Whether a use case's population can be made of its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.declaration.row_rules import RuleError, parse

if TYPE_CHECKING:
    from lakehouse.declaration.source import Source
    from lakehouse.declaration.use_case import UseCase


def types_within(source: Source) -> dict[str, str]:
    """The type of each column that ``entity.where`` can name: the source's, and ``partition``, the day that is scored."""
    return source.column_types | {"partition": "date"}


def problems(use_case: UseCase) -> Iterator[str]:
    """What does not fit between ``entity.rows``, ``entity.where`` and the source."""
    entity, source = use_case.entity, use_case.source(use_case.entity.source)
    if entity.rows == "known" and source.cadence == "daily":
        if source.delivers != "snapshot":
            yield (
                f"entity.rows: known needs a source that is occasional or delivers snapshots; {source.name} delivers the changes "
                "of each day (expected delivers: snapshot, or rows: of_day)"
            )
        for item in use_case.inputs:
            if item.source == source.name and item.first != item.last:
                yield (
                    f"inputs.{source.name}.first: the population is the rows of one snapshot, that of D-last; expected {item.last} "
                    f"as in last, found {item.first}"
                )
    if entity.where is not None:
        try:
            parse(entity.where, types_within(source))
        except RuleError as error:
            yield f"entity.where: {entity.where!r}: {error}"
