"""The first features: numbers and categories of the day, parts of its dates, and what the labels of the last days say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakehouse.scaffold import naming
from lakehouse.scaffold.contract import GREATEST, ContractColumn
from lakehouse.scaffold.draft import MEAN_DAYS, FeatureDraft, MeanDraft, ReferenceDraft

# A category has so many levels at most; so has a column by which labels are averaged.
MOST_LEVELS, MOST_SERIES = 100, 2_000
# By so many columns labels are averaged.
MOST_MEANS = 4
# Without so many days a mean of days says nothing.
DAYS_FOR_MEANS = 14
SLICES, SLICE_LEVELS = 2, 10
# Without so many days no month is seen twice, and nothing can be learned of it.
DAYS_FOR_MONTHS = 400


def of_day(
    columns: Sequence[ContractColumn], key: Sequence[str], day_column: str | None, days: int, made_up: bool
) -> list[FeatureDraft]:
    """Features from the rows of the day itself.

    Args:
        columns: of the entity's source.
        key: names of its key's columns.
        day_column: the name of the column that says the day.
        days: how many days the sample has.
        made_up: whether its days are.
    """
    found: list[FeatureDraft] = []
    taken = set(key)
    for column in columns:
        for feature in _of_column(column, column.name in key, column.name == day_column):
            name = naming.unique(feature.name, taken)
            taken.add(name)
            found.append(FeatureDraft(name, feature.description, feature.expression, feature.category))
    if not made_up or not found:
        name = naming.unique("day_of_week", taken)
        found.append(FeatureDraft(name, "0 is Monday", 'F.weekday("partition")'))
        taken.add(name)
    if not made_up and days >= DAYS_FOR_MONTHS:
        found.append(FeatureDraft(naming.unique("month", taken), "1 to 12", 'F.month("partition")'))
    return found


def _of_column(column: ContractColumn, in_key: bool, is_day: bool) -> Iterator[FeatureDraft]:
    name, given = column.name, column.delivered
    what = f"{given} as delivered" if given != name else "as delivered"
    if column.type in ("date", "timestamp"):
        if column.type == "timestamp":
            yield FeatureDraft(f"{name}_hour", f"hour of {given} in UTC", f'F.hour("{name}")')
        if not is_day:
            yield FeatureDraft(
                f"{name}_days_ago", f"days from {given} to the day", f'F.datediff("partition", "{name}")'
            )
        return
    levels = column.levels
    if is_day or column.is_id or column.is_day or (levels is not None and len(levels) < 2):
        return
    if column.is_number:
        fits = column.low is not None and column.high is not None and column.low > -GREATEST and column.high < GREATEST
        if fits and not in_key:
            yield FeatureDraft(name, what, f'F.col("{name}")')
    elif column.type == "boolean":
        if not in_key:
            yield FeatureDraft(name, f"1 where {given} is true", f'F.col("{name}").cast("int")')
    elif levels is not None and len(levels) <= MOST_LEVELS:
        yield FeatureDraft(f"{name}_level" if in_key else name, what, f'F.col("{name}")', category=True)


def means(
    columns: Sequence[ContractColumn],
    key: Sequence[str],
    entities: int | None,
    rows: int,
    label: str,
    taken: Sequence[str],
) -> list[MeanDraft]:
    """Means of the label over the last days: of all rows, of the entity where it comes again, of its parts and categories.

    Args:
        columns: of the entity's source.
        key: names of its key's columns.
        entities: how many different keys there are.
        rows: how many rows.
        label: what the label is called.
        taken: names that are features or columns already.
    """
    again = entities is not None and rows >= 3 * entities
    by: list[tuple[str, ...]] = [()]
    if again:
        by.append(tuple(key))
    for column in columns:
        levels = column.levels
        if (
            levels is None
            or not 2 <= len(levels) <= MOST_SERIES
            or column.is_id
            or column.is_day
            or (column.name,) in by
        ):
            continue
        of_key = column.name in key and len(key) > 1
        category = column.type == "string" and column.name not in key and rows >= 10 * len(levels)
        if of_key or category:
            by.append((column.name,))
    found: list[MeanDraft] = []
    for names in by[: 1 + MOST_MEANS]:
        whose = (
            "of all rows"
            if not names
            else f"of rows with the same {' and '.join(names)}, drawn towards that of all rows"
        )
        behind = "" if not names else f"_by_{'_'.join(names)}"
        name = naming.unique(f"label_mean_{MEAN_DAYS}d{behind}"[:55], [*taken, *(mean.name for mean in found)])
        found.append(MeanDraft(name, names, f"mean {label} {whose}, over the {MEAN_DAYS} days known last"))
    return found


def reference(source: str, columns: Sequence[ContractColumn], key: str, taken: Sequence[str]) -> ReferenceDraft:
    """What the features take of a reference source: its numbers, under the source's name."""
    names: dict[str, str] = {}
    for column in columns:
        if column.is_number and not column.is_id and column.name != key and column.low is not None:
            names[column.name] = naming.unique(
                f"{source[:20].strip('_')}_{column.name}"[:60], [*taken, *names.values()]
            )
    return ReferenceDraft(source, key, names)


def slices(columns: Sequence[ContractColumn], key: Sequence[str]) -> tuple[str, ...]:
    """Columns of few values, by which performance is measured too."""
    few = [
        column.name
        for column in columns
        if column.type == "string" and column.levels is not None and 2 <= len(column.levels) <= SLICE_LEVELS
    ]
    return tuple(sorted(few, key=lambda name: name not in key)[:SLICES])
