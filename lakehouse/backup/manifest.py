"""The manifest of a backup: which files it has, where they belong, and of which moment they are. It is written last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from lakehouse.backup.covered import AIRFLOW, ARTIFACTS, CALLS, LAKEHOUSE, LANDING, MLFLOW, STATE
from lakehouse.errors import BackupIncomplete

FORMAT = 1


class SavedFile(NamedTuple):
    """A file of a backup.

    Attributes:
        part: what it belongs to, such as ``lakehouse``.
        path: within that part.
        size: in bytes.
        sha256: of its bytes; they lie under this name.
        changed_ns: when the original was changed last: of one that has the same path, size and instant the bytes are the same.
    """

    part: str
    path: str
    size: int
    sha256: str
    changed_ns: int


@dataclass(frozen=True)
class Manifest:
    """One backup.

    Attributes:
        id: its name; a later backup has a greater one.
        taken_at: when the versions of the tables were chosen, ISO in UTC.
        code: version of the code that made it.
        one_instant: whether all tables had these versions at one instant. False: they were chosen in an order in which nothing
            names what is not there.
        tables: by full name the Delta version.
        places: the part's folder or address at that time; MLflow's records may name them.
        databases: by name ``sqlite``, ``postgresql``, or ``none`` where there was no database.
        declarations: digest of all declared files; the declarations themselves are the repository's.
        files: all of its files.
    """

    id: str
    taken_at: str
    code: str
    one_instant: bool
    tables: Mapping[str, int]
    places: Mapping[str, str]
    databases: Mapping[str, str]
    declarations: str
    files: tuple[SavedFile, ...]

    @property
    def size(self) -> int:
        """The size of its files."""
        return sum(file.size for file in self.files)

    def to_bytes(self) -> bytes:
        """As a file, which says what its own content has to be."""
        content = json.dumps(asdict(self), sort_keys=True)
        whole = {"format": FORMAT, "sha256": hashlib.sha256(content.encode()).hexdigest(), "backup": content}
        return json.dumps(whole).encode()

    @classmethod
    def from_bytes(cls, name: str, written: bytes) -> Manifest:
        """From a file.

        Raises:
            BackupIncomplete: when it is damaged, or of a later release's form.
        """
        try:
            whole: dict[str, Any] = json.loads(written)
            if whole["format"] != FORMAT:
                raise BackupIncomplete(
                    f"backup {name}: expected form {FORMAT}, found {whole['format']}: it was made by another release; "
                    "restore it by that"
                )
            if hashlib.sha256(whole["backup"].encode()).hexdigest() != whole["sha256"]:
                raise ValueError("another digest than its own")
            content = json.loads(whole["backup"])
            files = tuple(SavedFile(*file) for file in content["files"])
            if strange := next((file for file in files if not _in_its_place(file)), None):
                raise ValueError(f"a file out of its place, {strange.part}/{strange.path}")
            return cls(**content | {"files": files})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupIncomplete(
                f"backup {name}: expected a manifest as it was written, found {error}; restore an earlier one: --at ID"
            ) from error


def _in_its_place(file: SavedFile) -> bool:
    """Whether a file belongs to a part, and lies below it: who can write to the place of backups writes nowhere else by them."""
    if file.part == STATE:
        return file.path in (MLFLOW, AIRFLOW)
    return file.part in (LAKEHOUSE, LANDING, ARTIFACTS, CALLS) and (
        not file.path.startswith("/") and not {".", ".."} & set(file.path.split("/"))
    )
