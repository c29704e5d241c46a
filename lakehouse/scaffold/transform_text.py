"""A draft as the text of `features.py`: plain code that its owner goes on from."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.scaffold.draft import MEAN_DAYS, Draft

_MEANS = '''
def with_mean(rows: DataFrame, reported: DataFrame, by: tuple[str, ...], name: str) -> DataFrame:
    """Add the mean of the labels that were known by each row's day, of the rows with the same ``by``.

    Few labels are drawn towards the mean of all rows, as if PRIOR_ROWS more had been seen there. Null before the first label.
    """
    total = f"{name}_total"
    known = _known(reported, ())
    rows = rows.join(F.broadcast(known), "partition", "left").withColumnsRenamed({"_sum": total, "_rows": f"{name}_count"})
    overall = F.try_divide(F.col(total).cast("double"), F.col(f"{name}_count"))
    if not by:
        return rows.withColumn(name, F.round(overall, 6)).drop(total, f"{name}_count")
    rows = rows.join(_known(reported, by), [*by, "partition"], "left")
    part, whole = F.coalesce(F.col("_sum").cast("double"), F.lit(0.0)), F.coalesce("_rows", F.lit(0))
    mean = trailing_windows.smoothed(part, whole, overall, PRIOR_ROWS)
    return rows.withColumn(name, F.round(mean, 6)).drop("_sum", "_rows", total, f"{name}_count")


def _known(reported: DataFrame, by: tuple[str, ...]) -> DataFrame:
    """Sum and number of the labels that each day may read: those of the WINDOW_DAYS days known last."""
    daily = reported.groupBy(*by, "partition").agg(F.sum("_label").alias("_sum"), F.count("_label").alias("_rows"))
    first, last = KNOWN_AFTER_DAYS, KNOWN_AFTER_DAYS + WINDOW_DAYS - 1
    readers = F.explode(F.sequence(F.date_add("partition", first), F.date_add("partition", last)))
    by_reader = daily.select(*by, "_sum", "_rows", readers.alias("_day")).groupBy(*by, F.col("_day").alias("partition"))
    return by_reader.agg(F.sum("_sum").alias("_sum"), F.sum("_rows").alias("_rows"))
'''


def text(draft: Draft) -> str:
    """The whole file."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield f'"""The features of {draft.name}: a first draft, written from a sample."""'
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "from collections.abc import Mapping"
    yield ""
    yield "from pyspark.sql import DataFrame"
    yield "from pyspark.sql import functions as F"
    if draft.means or draft.references:
        yield ""
        yield "from lakehouse.transforms import trailing_windows"
    yield ""
    yield f"KEY = ({', '.join(_text(name) for name in draft.key)},)"
    if draft.means:
        yield "# A label arrives so many days after its day: it is read by days that begin no earlier."
        yield f"KNOWN_AFTER_DAYS = {draft.maturity}"
        yield f"WINDOW_DAYS = {MEAN_DAYS}"
        yield "PRIOR_ROWS = 20.0"
    yield ""
    yield ""
    yield "def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:"
    yield f'    """One row an entity and day: a row of {draft.entity}, what it says, and what was known before."""'
    yield f"    entities = inputs[{_text(draft.entity)}]"
    yield '    rows = entities.join(F.broadcast(days), "partition", "left_semi")'
    if draft.means:
        yield f"    label = {draft.label.expression}"
        yield f'    labels = inputs[{_text(draft.label_source)}].select(*KEY, "partition", label.alias("_label"))'
        yield '    reported = entities.join(labels.where("_label IS NOT NULL"), [*KEY, "partition"])'
    for mean in draft.means:
        by = "(" + "".join(f"{_text(name)}, " for name in mean.by).strip() + ")"
        yield f"    rows = with_mean(rows, reported, {by}, {_text(mean.name)})"
    for reference in draft.references:
        yield f"    # The newest row of {reference.source} that was known by the day."
        yield f"    known = inputs[{_text(reference.source)}].select("
        yield f"        {_text(reference.key)},"
        yield '        "partition",'
        for column, name in reference.columns.items():
            yield f"        F.col({_text(column)}).alias({_text(name)}),"
        yield "    )"
        yield f"    rows = trailing_windows.as_of(rows, known, {_text(reference.key)})"
    yield "    return rows.select("
    yield "        *KEY,"
    yield '        "partition",'
    for feature in draft.features:
        yield f"        {feature.expression}.alias({_text(feature.name)}),"
    for name in (*(mean.name for mean in draft.means), *(n for ref in draft.references for n in ref.columns.values())):
        yield f"        {_text(name)},"
    yield "    )"
    if draft.means:
        yield ""
        yield from _MEANS.removesuffix("\n").split("\n")


def _text(value: str) -> str:
    return f'"{value}"'
