"""The document that is erased: its source, its id, and how a row of it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration import Dataset, Source, datasets, loader
from lakehouse.declaration.declaration import DATASET_FILE
from lakehouse.errors import BadArguments
from lakehouse.ops import kept_out

# A shorter id is part of too much: it is not looked for as a cell of a line that could not be taken apart, nor in prose.
TELLING = 4


@dataclass(frozen=True)
class Subject:
    """A document of a source.

    Attributes:
        source: whose.
        column: the name of the column that identifies it, and ``type``: of its values.
        id: as the datasets have it.
        datasets: those that read the source.
        use_cases: the names of the use cases that do.
    """

    source: Source
    column: str
    type: str
    id: str
    datasets: tuple[Dataset, ...]
    use_cases: tuple[str, ...]

    def delivered(self, texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        """Where a delivered text stands for its id."""
        if self.type == "string":
            return pc.fill_null(pc.equal(texts, self.id), False)
        digits, sign = self.id.lstrip("-"), "-" if self.id.startswith("-") else "[+]?"
        number = "[+-]?0+" if digits == "0" else f"{sign}0*{digits}"
        return pc.fill_null(pc.match_substring_regex(texts, f"^{number}$"), False)

    def typed(self, values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        """Where a value of the column, or an id of a dataset, is its id."""
        return pc.fill_null(pc.equal(values.cast(pa.string()), self.id), False)

    def named_in(self, lines: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        """Where a line that could not be taken apart names its id: in the field of its key, or as a whole cell."""
        document, name, end = (_quoted(one) for one in (self.id, self._delivered_name, self.source.format.delimiter))
        field = rf'"{name}"\s*:\s*(\{{\s*"\$\w+"\s*:\s*)?"?{document}"?\s*([,}}]|$)'
        found = pc.match_substring_regex(lines, field)
        if len(self.id) >= TELLING:
            cell = pc.match_substring_regex(lines, rf'(^|{end})[ \t]*"?{document}"?[ \t]*({end}|$)')
            found = pc.or_(found, pc.and_(cell, pc.invert(pc.starts_with(lines, "{"))))
        return pc.fill_null(found, False)

    @property
    def _delivered_name(self) -> str:
        return next(one.delivered_name for one in self.source.columns if one.name == self.column)


def _quoted(text: str) -> str:
    """The text within an expression that Arrow reads."""
    # RE2 does not know all that Python escapes.
    return re.sub(r"[^\w\s]", lambda found: "\\" + found[0] if found[0].isascii() else found[0], text)


def of(source_name: str, document: str) -> Subject:
    """The document of that key in a source.

    Raises:
        BadArguments: when the source has no documents: no dataset reads it, or its key is not one column of texts or whole numbers;
            or when the declaration of a dataset is wrong, which may read it.
    """
    _, source = loader.by_source(source_name)
    wrong = [item.name for item in loader.find() if item.file.name == DATASET_FILE and item.error is not None]
    if wrong:
        raise BadArguments(
            f"source {source.name}: expected declarations of datasets that are right, found wrong ones: {', '.join(wrong)}; their "
            "tables may have the document: correct them, and erase it again; nothing was erased"
        )
    readers = datasets.readers(source.name)
    column = kept_out.key_column(source)
    if not readers or column is None:
        found = "no dataset reads it" if not readers else f"its key is {', '.join(source.key)}"
        raise BadArguments(
            f"source {source.name}: expected one whose rows are the documents of a declared dataset, by a key of one column of "
            f"type {', '.join(kept_out.TYPES)}, found: {found}; nothing was erased"
        )
    if column.type != "string" and not kept_out.WHOLE.match(document):
        raise BadArguments(
            f"source {source.name}: --document: expected a whole number, found {document!r}; nothing was erased"
        )
    identity = kept_out.document_id(document, column.type)
    use_cases = tuple(one.name for one in loader.readers(source))
    return Subject(source, column.name, column.type, identity, tuple(readers), use_cases)
