"""Which of a sample's sources has the entities, which one the labels, and which columns are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lakehouse.errors import BadArguments
from lakehouse.scaffold import day_choice
from lakehouse.scaffold.day_choice import DayChoice
from lakehouse.scaffold.landing_split import ROW_NUMBER
from lakehouse.scaffold.request import Request
from lakehouse.scaffold.sample import Sample


@dataclass(frozen=True)
class Outline:
    """Roles of the sample's sources and columns, all columns by their delivered names.

    Attributes:
        entity: the sample whose rows are scored.
        outcomes: the one with the label; the same one where rows and labels are in one file.
        others: samples of further sources.
        key: of the entity's rows; ``ROW_NUMBER`` where it is made up.
        outcomes_key: the same in the outcomes' files.
        label: the label's column.
        known_later: columns of the entity's files that become known with the label.
        days: says the day of the entity's rows.
        outcome_days: says the day of the outcomes' rows.
        remarks: what was assumed.
    """

    entity: Sample
    outcomes: Sample
    others: tuple[Sample, ...]
    key: tuple[str, ...]
    outcomes_key: tuple[str, ...]
    label: str
    known_later: tuple[str, ...]
    days: DayChoice
    outcome_days: DayChoice
    remarks: tuple[str, ...] = field(default=())

    @property
    def in_one(self) -> bool:
        """Whether rows and labels are in the same files."""
        return self.entity is self.outcomes


def of(request: Request, samples: Sequence[Sample]) -> Outline:
    """The roles that a request's words give to the samples.

    Raises:
        BadArguments: when a column or source is not there, or several may be meant.
    """
    outcomes, label = _label(request.label, samples)
    entity = _entity(request, samples, outcomes)
    days = day_choice.choose(
        entity, request.zone, request.date_column, request.date_format, request.spread_from, request.rows_a_day
    )
    remarks: list[str] = []
    key = _key(request, entity, days, label if entity is outcomes else None, remarks)
    if entity is outcomes:
        outcome_days, outcomes_key = days, key
    else:
        column = request.date_column if request.date_column and outcomes.has(request.date_column) else None
        outcome_days = day_choice.choose(outcomes, request.zone, column, request.date_format if column else None)
        outcomes_key = tuple(outcomes.delivered("--key", name) for name in key)
        if days.made_up:
            raise BadArguments(
                "--spread-from: expected rows and labels in the same files, whose days would differ otherwise"
            )
    later = tuple(entity.delivered("--known-later", name) for name in request.known_later)
    if entity is not outcomes and later:
        raise BadArguments(
            "--known-later: expected rows and labels in the same files; leave columns of others to their own source"
        )
    if wrong := [name for name in (label, *later) if name in key and entity is outcomes]:
        raise BadArguments(f"--key {wrong[0]}: is known later; expected columns that are known before the day")
    others = tuple(sample for sample in samples if sample is not entity and sample is not outcomes)
    return Outline(
        entity,
        outcomes,
        others,
        key,
        outcomes_key,
        label,
        tuple(n for n in later if n != label),
        days,
        outcome_days,
        tuple(remarks),
    )


def _label(name: str, samples: Sequence[Sample]) -> tuple[Sample, str]:
    holders = [sample for sample in samples if sample.has(name)]
    if len(holders) == 1:
        return holders[0], holders[0].delivered("--label", name)
    if len(holders) > 1:
        listed = ", ".join(f"{sample.name}.{name}" for sample in holders)
        raise BadArguments(f"--label {name}: expected a column of one source, found {listed}; name one of these")
    source, _, column = name.partition(".")
    for sample in samples:
        if sample.name == source and column:
            return sample, sample.delivered("--label", column)
    listed = "; ".join(f"{sample.name}: {', '.join(sample.columns)}" for sample in samples)
    raise BadArguments(f"--label {name}: expected a column of the sample, or source.column; found {listed[:1500]}")


def _entity(request: Request, samples: Sequence[Sample], outcomes: Sample) -> Sample:
    if request.entity is not None:
        for sample in samples:
            if sample.name == request.entity:
                return sample
        raise BadArguments(
            f"--entity {request.entity}: expected one of the sources {', '.join(s.name for s in samples)}"
        )
    for sample in samples:
        # Another source with the key has the rows, and this one reports what became of them.
        if (
            sample is not outcomes
            and request.key
            and sample.source.daily
            and all(sample.has(name) for name in request.key)
        ):
            return sample
    return outcomes


def _key(request: Request, entity: Sample, days: DayChoice, label: str | None, remarks: list[str]) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(entity.delivered("--key", name) for name in request.key))
    without_day = tuple(name for name in given if name != days.column)
    if given and without_day:
        if without_day != given:
            remarks.append(f"{days.column} is the day itself, so it is no part of the key.")
        return without_day
    found = [
        name
        for name, column in entity.columns.items()
        if column.identifies and name not in (label, days.column) and entity.kind(name) in ("string", "long")
    ]
    if found and not given:
        remarks.append(
            f"No --key was given: {found[0]} has another value in each row of the sample, and is taken for it."
        )
        return (found[0],)
    if request.land:
        remarks.append(
            f"No column identifies a row, so {ROW_NUMBER} counts them: made up for the sample. Name a key that deliveries have."
        )
        return (ROW_NUMBER,)
    raise BadArguments(f"--key: expected the columns that identify a row of {entity.name} on its day; name them")
