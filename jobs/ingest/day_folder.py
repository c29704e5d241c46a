"""A day's delivery in several files: the folder ``<source>/<day>/``, once it is whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from lakehouse.declaration import Source
from lakehouse.errors import DeliveryRejected
from lakehouse.landed_files import ENDINGS


def whole(source: Source, folder: Path) -> list[Path]:
    """The files of the folder in the order of their names; none when there is no such folder, or it is not whole yet.

    Raises:
        DeliveryRejected: when it has more files than declared, or one that is no delivery.
    """
    if not folder.is_dir():
        return []
    files = _files(folder)
    marker, count = source.files.marker, source.files.count
    if marker is not None:
        if not (folder / marker).exists():
            return []
        files = [file for file in files if file.name != marker]
    if count is not None and len(files) < count:
        return []
    if strange := [file.name for file in files if not file.is_file() or not file.name.endswith(ENDINGS)]:
        raise DeliveryRejected(
            f"source {source.name}: {folder}: expected files that end with {', '.join(ENDINGS)}, found {strange[0]}; nothing was "
            "taken in: rename it, or take it out, and run again"
        )
    if count is not None and len(files) > count:
        raise DeliveryRejected(
            f"source {source.name}: {folder}: expected {count} files (files.count of the contract), found {len(files)}; nothing "
            "was taken in: take out what does not belong there, or correct the contract, and run again"
        )
    if not files:
        raise DeliveryRejected(
            f"source {source.name}: {folder}: expected files beside its marker {marker}, found none; nothing was taken in"
        )
    return files


def unfinished(source: Source, folder: Path, days: Iterable[dt.date]) -> str:
    """What the folders of these days still lack, in words; empty when there are none."""
    waiting = [folder / str(day) for day in days if (folder / str(day)).is_dir()]
    if not waiting:
        return ""
    lacks = f"its marker {source.files.marker}" if source.files.marker else f"some of its {source.files.count} files"
    return f" ({waiting[0]} is there and lacks {lacks})"


def _files(folder: Path) -> list[Path]:
    # Hidden files are those that are being written, and a leading underscore marks notes of programs, as for Spark.
    return sorted(file for file in folder.iterdir() if not file.name.startswith((".", "_")))
