"""Parts of a source's draft: its remarks, and the key that entities and outcomes share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lakehouse.scaffold.contract import ContractColumn
from lakehouse.scaffold.draft import SourceDraft
from lakehouse.scaffold.landing_split import Landed
from lakehouse.scaffold.sample import Sample


def with_key_of(entity: SourceDraft, outcomes: SourceDraft) -> SourceDraft:
    """The outcomes with the key's columns as the entity's source calls and types them."""
    wanted: Mapping[str, ContractColumn] = dict(
        zip(outcomes.key, (next(c for c in entity.columns if c.name == name) for name in entity.key), strict=True)
    )
    columns = tuple(
        replace(column, name=wanted[column.name].name, type=wanted[column.name].type)
        if column.name in wanted
        else column
        for column in outcomes.columns
    )
    return replace(outcomes, key=entity.key, columns=columns)


def remarks(sample: Sample, landed: Landed, in_place: bool) -> Iterator[str]:
    """What else is worth knowing about a source's rows."""
    if sample.form.encoding != "utf-8" and not in_place:
        yield f"The sample is written in {sample.form.encoding}; what was landed is UTF-8. Other deliveries: format: encoding."
    for number, what in (
        (sample.left_out, "lines are no rows of their file and are left out"),
        (landed.without_day, "rows have no day and are left out"),
        (landed.without_key, "rows have an empty value in the key and are left out"),
        (landed.repeated, "rows have a key that was there before on their day: of these the last counts"),
        (landed.like_header, "rows repeat the names of the columns and are left out"),
    ):
        if number:
            yield f"{number:,} {what}."
    if not sample.whole:
        yield f"The first {sample.rows:,} rows were looked at."
