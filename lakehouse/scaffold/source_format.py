"""How a source's deliveries are written: what of it a contract has to say."""

from __future__ import annotations

from lakehouse.scaffold.contract import Contract
from lakehouse.scaffold.sample import Sample


def of(sample: Sample, known: Contract, in_place: bool) -> dict[str, str | tuple[str, ...]]:
    """The fields of ``format`` that differ from what is meant when nothing is said.

    Args:
        sample: how it is written.
        known: which texts mean no value, and the mark in numbers.
        in_place: whether the files stay as they are; what is landed anew is UTF-8.
    """
    found: dict[str, str | tuple[str, ...]] = {}
    kind = sample.source.files[0].kind
    if in_place and kind != "parquet" and sample.form.encoding != "utf-8":
        found["encoding"] = sample.form.encoding
    if kind == "csv" and sample.form.delimiter != ",":
        found["delimiter"] = sample.form.delimiter
    if known.decimal != ".":
        found["decimal"] = known.decimal
    if known.null_values:
        found["null_values"] = known.null_values
    return found
