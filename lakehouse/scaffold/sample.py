"""A sample, looked at: each source's files, how they are written, and what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lakehouse.errors import BadArguments
from lakehouse.scaffold import naming
from lakehouse.scaffold.column_profile import ColumnProfile
from lakehouse.scaffold.sample_files import SampleFile, SampleSource
from lakehouse.scaffold.sample_rows import Columns, SampleRows
from lakehouse.scaffold.text_form import TextForm

# So many rows of a source are looked at; of a longer one the others are landed unseen.
MOST_ROWS = 3_000_000


@dataclass
class Sample:
    """What was seen of a source.

    Attributes:
        source: its files.
        form: how its text files are written.
        columns: what was seen of each column, by its delivered name.
        names: what each column is called in the contract, by its delivered name.
        rows: how many rows were looked at.
        left_out: how many lines of these files are no rows.
        whole: whether all rows were looked at.
        everywhere: the columns that every file has.
        written: what the files themselves call each column.
    """

    source: SampleSource
    form: TextForm
    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    left_out: int = 0
    whole: bool = True
    everywhere: set[str] = field(default_factory=set)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name

    @property
    def decimal(self) -> str:
        """The mark in its numbers: a comma where more columns have that."""
        marks = [mark for column in self.columns.values() if (mark := column.decimals) is not None]
        return "," if marks.count(",") > marks.count(".") else "."

    def kind(self, delivered: str) -> str:
        """The type of a column."""
        return self.columns[delivered].kind(self.decimal)

    def null_values(self, kept: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Texts that mean no value: those that stand in columns of numbers, days or truths. ``kept`` are values all the same."""
        found = {
            text
            for name, column in self.columns.items()
            if self.kind(name) != "string"
            for text in column.nothing
            if text not in kept
        }
        return tuple(sorted(found))

    def delivered(self, option: str, name: str) -> str:
        """The delivered name of a column that is named as delivered, or as the contract calls it.

        Raises:
            BadArguments: when there is none.
        """
        if name in self.columns:
            return name
        for delivered, clean in self.names.items():
            if name == clean or name.strip().lower() == delivered.lower():
                return delivered
        listed = ", ".join(self.columns)
        raise BadArguments(f"{option} {name}: expected a column of {self.name}, found {listed[:1500]}")

    @property
    def as_they_lie(self) -> list[str]:
        """The columns that a contract can name in the files as they are: every file has them, once and under a name."""
        names = list(self.written.values())
        return [
            name
            for name in self.columns
            if name in self.everywhere and names.count(self.written[name]) == 1 and self.written[name]
        ]

    def has(self, name: str) -> bool:
        """Whether it has a column of that name, delivered or clean."""
        return name in self.columns or name in self.names.values() or name.lower() in map(str.lower, self.columns)

    def again(self) -> Iterator[tuple[SampleFile, Columns]]:
        """All rows once more, file by file."""
        for file in self.source.files:
            for columns in SampleRows.of(file).batches():
                yield file, columns


def look(source: SampleSource) -> Sample:
    """Look at the rows of a source.

    Raises:
        BadArguments: when a file can't be read, or there is no row at all.
    """
    sample: Sample | None = None
    for file in source.files:
        rows = SampleRows.of(file)
        sample = sample or Sample(source, rows.form)
        if sample.form.encoding == "utf-8":
            # A file without a letter beyond ASCII says nothing of the others.
            sample.form = replace(sample.form, encoding=rows.form.encoding)
        for columns in rows.batches():
            count = len(next(iter(columns.values()), []))
            for name, texts in columns.items():
                column = sample.columns.get(name)
                if column is None:
                    # A column that begins later was empty before.
                    column = sample.columns[name] = ColumnProfile(name, rows=sample.rows, empty=sample.rows)
                column.declared = rows.types.get(name, column.declared)
                column.add(texts)
            for name in sample.columns.keys() - columns.keys():
                sample.columns[name].add([None] * count)
            sample.rows += count
            if sample.rows >= MOST_ROWS:
                sample.whole = False
                break
        sample.left_out += rows.left_out
        sample.written |= rows.written
        sample.everywhere = set(rows.names) & sample.everywhere if sample.everywhere else set(rows.names)
        if not sample.whole:
            break
    if sample is None or not sample.rows:
        why = ""
        if sample is not None and sample.left_out:
            why = f" but {sample.left_out} line(s) with another number of cells than the first has; is there text before the names?"
        raise BadArguments(f"--from: source {source.name}: expected rows, found none in {source.files[0].path}{why}")
    sample.names = naming.of_columns(sample.columns)
    return sample
