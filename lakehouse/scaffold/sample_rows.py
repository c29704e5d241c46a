"""The rows of a sample's files, some at a time, every value as text: what is not there is None.

More forgiving than ingestion, since its rows are written again: a line that is no row of the file is counted and left out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from lakehouse.errors import BadArguments
from lakehouse.scaffold import file_texts, naming, text_form
from lakehouse.scaffold.sample_files import SampleFile
from lakehouse.value_text import DECIMAL

ROWS = 20_000
BLANKS = " \t"
_NUMBER = re.compile(DECIMAL)
# A data frame's row numbers, which its writer adds.
_ROW_NUMBERS = "__index_level_"

Columns = dict[str, list[str | None]]


@dataclass
class SampleRows:
    """The rows of a file, and what was seen while they were read.

    Attributes:
        file: the file.
        form: how it is written, where it is text.
        names: its columns, all different.
        written: what its columns are called in the file itself, by those names.
        types: what Parquet says that its columns are, as contracts name it.
        left_out: how many lines are no rows of it.
    """

    file: SampleFile
    form: text_form.TextForm = field(default_factory=text_form.TextForm)
    names: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    _fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, file: SampleFile) -> SampleRows:
        """The rows of a file, not read yet.

        Raises:
            BadArguments: when it has no text.
        """
        if file.kind == "csv":
            return cls(file, text_form.of_csv(file.path))
        return cls(file, text_form.of_json(file.path) if file.kind == "json" else text_form.TextForm())

    def batches(self) -> Iterator[Columns]:
        """The rows, column by column, some thousands at a time.

        Raises:
            BadArguments: when the file is not what its name says, or has no line of column names.
        """
        self.left_out = 0
        yield from {"csv": self._csv, "json": self._json, "parquet": self._parquet}[self.file.kind]()

    def _csv(self) -> Iterator[Columns]:
        path = self.file.path
        with text_form.opened(path, self.form.encoding) as text:
            reader = csv.reader(text, delimiter=self.form.delimiter)
            try:
                given = [cell.strip(BLANKS) for cell in next(filter(None, reader), [])]
                _expect_names(path, given)
                self.names = naming.different(given)
                self.written = dict(zip(self.names, given, strict=True))
                rows: list[list[str]] = []
                for cells in reader:
                    if not cells:
                        continue
                    if len(cells) != len(given) or [cell.strip(BLANKS) for cell in cells] == given:
                        self.left_out += 1
                        continue
                    rows.append(cells)
                    if len(rows) == ROWS:
                        yield self._of_cells(rows)
                        rows = []
                if rows:
                    yield self._of_cells(rows)
            except csv.Error as error:
                raise BadArguments(
                    f"--from {path}: line {reader.line_num}: expected a row, found {error}; is a quote missing before it?"
                ) from error

    def _of_cells(self, rows: list[list[str]]) -> Columns:
        return {
            name: [_cell(cell) for cell in column]
            for name, column in zip(self.names, zip(*rows, strict=True), strict=True)
        }

    def _json(self) -> Iterator[Columns]:
        documents: list[dict[str, str | None]] = []
        for found in self._documents():
            if not isinstance(found, dict):
                self.left_out += 1
                continue
            documents.append({self._name(name): file_texts.of_json(value) for name, value in found.items()})
            if len(documents) == ROWS:
                yield self._of_documents(documents)
                documents = []
        if documents:
            yield self._of_documents(documents)

    def _documents(self) -> Iterator[Any]:
        path = self.file.path
        with text_form.opened(path, self.form.encoding) as text:
            first = next((line for line in text if line.strip()), "")
            if first.lstrip().startswith("["):
                found = file_texts.document(first + text.read())
                if not isinstance(found, list):
                    raise BadArguments(f"--from {path}: expected a JSON object a line or a list of them, found neither")
                yield from found
                return
            for line in chain([first], text):
                if line.strip():
                    yield file_texts.document(line)

    def _name(self, field: str) -> str:
        """What a field of a document is called here: a name that is no other field's."""
        if field not in self._fields:
            name = self._fields[field] = naming.different([*self._fields.values(), field])[-1]
            self.written[name] = field
        return self._fields[field]

    def _of_documents(self, documents: list[dict[str, str | None]]) -> Columns:
        known = dict.fromkeys(chain(self.names, *documents))
        self.names = list(known)
        return {name: [document.get(name) for document in documents] for name in self.names}

    def _parquet(self) -> Iterator[Columns]:
        try:
            with parquet.ParquetFile(self.file.path) as file:
                given = file.schema_arrow.names
                self.names = naming.different(given)
                self.written = dict(zip(self.names, given, strict=True))
                self.types = {
                    name: kind
                    for name, one in zip(self.names, file.schema_arrow.types, strict=True)
                    if (kind := file_texts.kind(one)) is not None
                }
                kept = [index for index, name in enumerate(given) if not name.startswith(_ROW_NUMBERS)]
                for batch in file.iter_batches(ROWS):
                    yield {self.names[index]: file_texts.of_parquet(batch.column(index)) for index in kept}
                self.names = [self.names[index] for index in kept]
        except (pa.ArrowException, OSError) as error:
            problem = " ".join(str(error).split())[:300]
            raise BadArguments(f"--from {self.file.path}: expected Parquet, found {problem}") from error


def _expect_names(path: Path, header: list[str]) -> None:
    if not header:
        raise BadArguments(f"--from {path}: expected a line of column names, found none")
    numbers = sum(_NUMBER.match(name.replace(",", ".")) is not None for name in header)
    if len(header) > 1 and numbers * 2 > len(header):
        raise BadArguments(
            f"--from {path}: expected a line of column names first, found {', '.join(header)[:100]}, which looks like a row; "
            "write the names as the file's first line"
        )


def _cell(value: str) -> str | None:
    """The value of a cell of CSV: blanks around it are no part of it."""
    return (file_texts.plain(value) or "").strip(BLANKS) or None
