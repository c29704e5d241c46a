"""A published folder of a version without a document: by its layout alone.

Data first, then the card, the manifest last: as long as that names the document, a run that was killed is not done.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from jobs.erase import forgetting, parquet_files
from lakehouse.corpus import manifest_text, publication
from lakehouse.corpus.publication import CARD, DATA, MANIFEST

WRITING = ".erasing"
# As a release writes its files.
SETTINGS: Mapping[str, Any] = {
    "store_schema": False,
    "write_page_index": True,
    "use_content_defined_chunking": True,
    "data_page_version": "1.0",
    "version": "2.6",
}
ERASED_FROM = "erased_from"
HEADING = "## Erased from"
# Of the manifest.
DECLARED = frozenset({"dataset", "title", "declaration", "asked", "code", "libraries", "files"})


@dataclass(frozen=True)
class Left:
    """What a version is without the document.

    Attributes:
        content_digest: of its examples; None where nobody knows, and it stays.
        calls: the keys of their requests; None likewise.
        clusters: the cluster of each document.
    """

    content_digest: str | None = None
    calls: Collection[str] | None = None
    clusters: Mapping[str, str] = field(default_factory=dict)


def examples_of(folder: Path, document: str) -> int:
    """How many examples of a published folder are of the document."""
    return sum(int(_of(_ids(file), document).sum()) for file in _data(folder))


def has(folder: Path, document: str) -> bool:
    """Whether anything in a published folder has the document."""
    if examples_of(folder, document):
        return True
    manifest, card = folder / MANIFEST, folder / CARD
    if manifest.is_file():
        said = json.loads(manifest.read_text(encoding="utf-8"))
        if _forgotten(said, document) != said:
            return True
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return _tables_without(text, document) != text


def take_out(folder: Path, document: str, left: Left, day: str) -> None:
    """Write the files that have the document again, and what the manifest and the card say of them.

    Args:
        folder: of a version.
        document: its id.
        left: what the version is without it.
        day: on which it was asked, for the manifest and the card.
    """
    for file in folder.rglob(f".*{WRITING}"):
        file.unlink()
    for file in _data(folder):
        if _of(_ids(file), document).any():
            target = _beside(file)
            rows = parquet_files.write_without(
                file, target, lambda rows, _: _of(rows["document_id"], document), **SETTINGS
            )
            others = [one for one in _data(folder) if one != file and _split(one) == _split(file)]
            target.replace(file)
            if rows == 0 and not any(parquet.ParquetFile(one).metadata.num_rows for one in others):
                # Readers look for the files of a split; of one without examples there is none.
                file.unlink()
    rows_left = _rows(folder)
    manifest = folder / MANIFEST
    said = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else None
    before = None if said is None else said.get("content_digest")
    card = folder / CARD
    if card.is_file():
        text = _card(card.read_text(encoding="utf-8"), document, (before, left.content_digest), rows_left, said, day)
        _write(card, text)
    if said is not None:
        new = _manifest(said, document, left, rows_left, day)
        new["files"] = {
            name: {"sha256": publication.file_digest(folder / name), "bytes": (folder / name).stat().st_size}
            for name in said.get("files", {})
            if (folder / name).is_file()
        }
        _write(manifest, manifest_text.written(new))


def _forgotten(said: dict[str, Any], document: str) -> dict[str, Any]:
    """The manifest without the document in what was found of it; what was declared may have the same word."""
    return {name: one if name in DECLARED else forgetting.without(one, document) for name, one in said.items()}


def _tables_without(card: str, document: str) -> str:
    """The card without the document in its tables: what is declared, in its prose, may have the same word."""
    lines = card.split("\n")
    return "\n".join(forgetting.in_text(line, document) if line.startswith("|") else line for line in lines)


def _manifest(said: dict[str, Any], document: str, left: Left, rows: Mapping[str, int], day: str) -> dict[str, Any]:
    new = _forgotten(said, document)
    listed = [one for one in said.get("documents", []) if isinstance(one, dict) and one.get("document_id") != document]
    of_cluster = [one["document_id"] for one in listed if one.get("cluster_id") == document]
    if "documents" in said:
        new["documents"] = [
            one | {"cluster_id": left.clusters.get(one["document_id"], min(of_cluster))}
            if one.get("cluster_id") == document
            else one
            for one in listed
        ]
    if left.calls is not None and "calls" in said:
        new["calls"] = sorted(set(left.calls))
    if left.content_digest is not None:
        new["content_digest"] = left.content_digest
    if "rows" in said:
        new["rows"] = {split: rows.get(split, 0) for split in said["rows"]}
    new[ERASED_FROM] = sorted({*said.get(ERASED_FROM, []), day})
    return new


def _card(
    text: str,
    document: str,
    digests: tuple[str | None, str | None],
    rows: Mapping[str, int],
    said: Mapping[str, Any] | None,
    day: str,
) -> str:
    text = _tables_without(text, document)
    before, after = digests
    if before and after:
        text = text.replace(before, after)
    documents = _documents(said, document)
    for split in ("train", "validation", "test"):
        line = rf"^\| {split} \| \d+ \| \d+ \|$"
        if rows.get(split):
            text = re.sub(line, f"| {split} | {rows[split]} | {documents.get(split, 0)} |", text, flags=re.MULTILINE)
        else:
            text = re.sub(line + r"\n", "", text, flags=re.MULTILINE)
            text = re.sub(rf"^  - split: {split}\n    path: .*\n", "", text, flags=re.MULTILINE)
    told = f"- {day}: a document was erased on request, with its examples. Copies that were downloaded before can't be called back."
    if told in text:
        return text
    head = text.rstrip("\n")
    # The heading stands last, with a line for each day.
    return f"{head}\n{told}\n" if f"\n{HEADING}\n" in text else f"{head}\n\n{HEADING}\n\n{told}\n"


def _documents(said: Mapping[str, Any] | None, document: str) -> dict[str, int]:
    """How many documents of each split are left, as the manifest lists them."""
    counts: dict[str, int] = {}
    for one in (said or {}).get("documents", []):
        if isinstance(one, dict) and one.get("document_id") != document:
            counts[str(one.get("split"))] = counts.get(str(one.get("split")), 0) + 1
    return counts


def _data(folder: Path) -> list[Path]:
    return sorted(file for file in (folder / DATA).glob("*.parquet") if not file.name.startswith("."))


def _split(file: Path) -> str:
    return re.sub(r"-\d+-of-\d+\.parquet$", "", file.name)


def _rows(folder: Path) -> dict[str, int]:
    rows: dict[str, int] = {}
    for file in _data(folder):
        rows[_split(file)] = rows.get(_split(file), 0) + parquet.ParquetFile(file).metadata.num_rows
    return rows


def _ids(file: Path) -> pa.ChunkedArray:
    return parquet.read_table(file, columns=["document_id"])["document_id"]


def _of(ids: pa.ChunkedArray, document: str) -> np.ndarray:
    found: np.ndarray = pc.fill_null(pc.equal(ids, document), False).to_numpy()
    return found


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}{WRITING}")


def _write(file: Path, text: str) -> None:
    target = _beside(file)
    target.write_text(text, encoding="utf-8")
    target.replace(file)
