"""Names of new sources: none that a declaration or a folder of deliveries has already."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

from lakehouse.declaration import loader, reserved_names
from lakehouse.scaffold.sample import Sample
from lakehouse.scaffold.sample_files import DAY


class SourceNames:
    """Gives each source of a new use case a name of its own."""

    def __init__(self, use_case: str, landing: Path) -> None:
        """Look at what is declared and what lies in the landing zone."""
        self._use_case, self._landing = use_case, landing
        self._taken = {table for _, source in loader.sources() for table in reserved_names.of_silver(source.name)}
        self._taken |= {item.folder.name for item in loader.find() if item.kind == "source"}

    def take(self, wanted: str, behind: str = "", *, in_place: bool = False) -> str:
        """The wanted name, with ``behind`` at its end, or one with the use case's before it; from then on it is taken.

        ``in_place`` says that deliveries lie in the landing zone under that name and belong to it.
        """
        plain, own = f"{wanted[:40]}{behind}", f"{self._use_case[:40]}_{wanted}"[:45].rstrip("_") + behind
        numbered = (f"{own}_{number}" for number in count(2))
        name = next(name for name in chain((plain, own), numbered) if self._is_free(name, in_place))
        self._taken.update(reserved_names.of_silver(name))
        return name

    def _is_free(self, name: str, in_place: bool) -> bool:
        if self._taken.intersection(reserved_names.of_silver(name)):
            return False
        folder = self._landing / name
        return in_place or not (folder.is_dir() and any(folder.iterdir()))


def is_in_place(sample: Sample, landing: Path) -> bool:
    """Whether the sample's files lie in the landing zone as deliveries of its source."""
    folder = (landing / sample.name).resolve()
    return all(
        file.path.resolve().parent == folder
        and file.day is not None
        and DAY.sub("", file.path.name) in (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")
        and file.path.name.startswith(file.day.isoformat())
        for file in sample.source.files
    )
