"""What this process reads and commits, noted while somebody asks for it: lineage says what a run did, not what it was meant to do.

Nothing is noted, and nothing is imported or read for it, unless `watch` was called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse import settings


@dataclass(frozen=True)
class ModelUse:
    """A registered version that was read or made.

    Attributes:
        name: of the registered model.
        version: its number.
        run_id: the MLflow run that trained it.
        digest: of its file.
        features: that it reads, in its order.
    """

    name: str
    version: int
    run_id: str
    digest: str
    features: tuple[str, ...]


@dataclass
class Touched:
    """The notes.

    Attributes:
        read: by table, such as ``gold.<use_case>_scores``, the version that its rows were read at first. A table that the process
            had changed before it read it is no input.
        committed: by table the versions that the process committed, in order.
        models_read: by name and number.
        models_made: by name and number.
    """

    read: dict[str, int] = field(default_factory=dict)
    committed: dict[str, list[int]] = field(default_factory=dict)
    models_read: dict[tuple[str, int], ModelUse] = field(default_factory=dict)
    models_made: dict[tuple[str, int], ModelUse] = field(default_factory=dict)


_watched: list[Touched] = []


def watch() -> Touched:
    """Note from now on, until `stop`."""
    _watched[:] = [Touched()]
    return _watched[0]


def stop() -> None:
    """Note no more."""
    _watched.clear()


def watching() -> bool:
    """Whether somebody wants notes: what costs time to find out is found out for them alone."""
    return bool(_watched)


def read(location: str, version: int) -> None:
    """Rows of the table at ``location`` are read, as they are at ``version``. A table elsewhere is left out."""
    root = settings.load().lakehouse_root.rstrip("/")
    if not _watched or not location.startswith(f"{root}/"):
        return
    name = ".".join(location.removeprefix(f"{root}/").strip("/").split("/"))
    if name not in _watched[0].committed:
        _watched[0].read.setdefault(name, version)


def committed(table: str, version: int) -> None:
    """The process has committed this version of the table of that full name."""
    if _watched and version not in (versions := _watched[0].committed.setdefault(table, [])):
        versions.append(version)


def model(use: ModelUse, made: bool = False) -> None:
    """A registered version is read, or was made."""
    if _watched:
        of: Mapping[bool, dict[tuple[str, int], ModelUse]] = {
            True: _watched[0].models_made,
            False: _watched[0].models_read,
        }
        of[made][use.name, use.version] = use
