"""The files of a sample, by the source that they are deliveries of, each with the day that its name says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import BadArguments
from lakehouse.scaffold import naming

# A day in a file's name: with the same mark between its parts, or none.
DAY = re.compile(
    r"(?<![0-9])(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12][0-9]|3[01])(?![0-9])"
)
_ENDING = re.compile(r"(?i)\.(csv|tsv|txt|data|jsonl|ndjson|json|parquet|pq)(\.gz)?$|\.gz$")
_NO_TABLES = {
    ".xlsx": "a workbook: save each sheet as CSV",
    ".xls": "a workbook: save each sheet as CSV",
    ".zip": "an archive: unpack it",
    ".tar": "an archive: unpack it",
    ".rdata": "R's own format: write it as CSV",
    ".rds": "R's own format: write it as CSV",
    ".pkl": "a pickle, which is never read here: write it as Parquet or CSV",
    ".feather": "Feather: write it as Parquet",
}


@dataclass(frozen=True)
class SampleFile:
    """A file of the sample.

    Attributes:
        path: where it is.
        day: the day that its name says; None where it says none.
    """

    path: Path
    day: dt.date | None = None

    @property
    def kind(self) -> str:
        """``csv``, ``json`` or ``parquet``, by its name's ending."""
        bare = self.path.name.lower().removesuffix(".gz")
        if bare.endswith((".parquet", ".pq")):
            return "parquet"
        return "json" if bare.endswith((".jsonl", ".ndjson", ".json")) else "csv"


@dataclass(frozen=True)
class SampleSource:
    """The files of one source, in the order of their days and names."""

    name: str
    files: tuple[SampleFile, ...]

    @property
    def daily(self) -> bool:
        """Whether each file says its day."""
        return all(file.day is not None for file in self.files)


def sources(places: Iterable[str]) -> list[SampleSource]:
    """The sources that files and folders are a sample of, in the order given.

    A folder is a source of its name. Of other files the source is the name without its day and ending; of a name that is a day
    alone, the folder's.

    Raises:
        BadArguments: for a place that is not there, an empty one, a file of a format that is not read, or two files of one day.
    """
    found: dict[str, list[SampleFile]] = {}
    for place in map(Path, places):
        for name, file in _of_place(place):
            files = found.setdefault(name, [])
            if file.path not in [other.path for other in files]:
                files.append(file)
    return [SampleSource(name, _ordered(name, files)) for name, files in found.items()]


def _of_place(place: Path) -> list[tuple[str, SampleFile]]:
    if place.is_dir():
        inside = [file for file in sorted(place.iterdir()) if file.is_file() and not file.name.startswith((".", "_"))]
        if not inside:
            raise BadArguments(
                f"--from {place}: expected files in the folder, found none; give the folder of one source"
            )
        name = naming.clean(place.resolve().name, "rows")
        return [(name, _file(file)[1]) for file in inside]
    if not place.is_file():
        raise BadArguments(f"--from {place}: expected a file or a folder, found none of that name")
    return [_file(place)]


def _file(path: Path) -> tuple[str, SampleFile]:
    if (why := _NO_TABLES.get(path.suffix.lower())) is not None:
        raise BadArguments(f"--from {path}: expected CSV, JSON lines or Parquet, found {why}")
    stem = _ENDING.sub("", path.name)
    day, match = None, DAY.search(stem)
    if match is not None:
        try:
            day = dt.date(int(match[1]), int(match[3]), int(match[4]))
            stem = stem[: match.start()] + " " + stem[match.end() :]
        except ValueError:
            pass
    name = stem if re.search(r"[^\W_]", stem) else path.resolve().parent.name
    return naming.clean(name, "rows"), SampleFile(path, day)


def _ordered(name: str, files: list[SampleFile]) -> tuple[SampleFile, ...]:
    dated = [file.day for file in files if file.day is not None]
    if 0 < len(dated) < len(files):
        other = next(file.path for file in files if file.day is None)
        raise BadArguments(
            f"--from: source {name}: expected a day in the name of every file or of none, found none in {other}"
        )
    if len(set(dated)) < len(dated):
        day = next(day for day in dated if dated.count(day) > 1)
        raise BadArguments(f"--from: source {name}: expected one file a day, found more for {day}; join them first")
    return tuple(sorted(files, key=lambda file: (file.day or dt.date.min, str(file.path))))
