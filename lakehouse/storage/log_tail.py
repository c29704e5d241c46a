"""The commits that a table's log has gained since a version: which files each removed and added.

Only commits that write rows are told. Whatever else a log may say, such as another schema, another protocol or rows struck out
within a file, is delta-rs' to read: the answer is then None, and the reader opens the table anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyarrow import fs

from lakehouse.storage import stored_files

# So many commits are followed; opening the table anew is cheaper than more of them.
MOST_COMMITS = 32
# And each up to so many bytes: a larger one rewrites the table.
MOST_BYTES = 1 << 20
# What says nothing of which files there are.
SILENT = frozenset({"commitInfo", "txn", "cdc"})


@dataclass(frozen=True)
class Mark:
    """A version, and how its entry in the log was: a table that was removed and made again has others.

    Attributes:
        version: of the table.
        written: when the entry was written, in nanoseconds.
        size: of the entry, in bytes.
    """

    version: int
    written: int
    size: int


@dataclass(frozen=True)
class Added:
    """A file that a commit added.

    Attributes:
        path: as the log has it.
        partition: the value of each partition column, as text.
        written: when, in milliseconds since 1970.
        rows: how many it has.
        least, greatest: the statistics of its columns, as JSON has them.
    """

    path: str
    partition: Mapping[str, str | None]
    written: int
    rows: int
    least: Mapping[str, Any]
    greatest: Mapping[str, Any]


@dataclass(frozen=True)
class Commit:
    """What one commit did: the paths that it removed, and what it added."""

    removed: tuple[str, ...]
    added: tuple[Added, ...]


@dataclass(frozen=True)
class Tail:
    """The commits since a version, and the mark of the newest."""

    mark: Mark
    commits: tuple[Commit, ...] = ()


def mark(location: str, version: int) -> Mark:
    """The mark of a version that the table at ``location`` has."""
    (entry,) = _entries(location, [version])
    return _mark(version, entry)


def is_there(location: str, known: Mark) -> bool:
    """Whether the table at ``location`` is the one that has this version."""
    (entry,) = _entries(location, [known.version])
    return _is(entry, known)


def is_newest(location: str, known: Mark) -> bool:
    """Whether it is, and has no newer version."""
    entry, following = _entries(location, [known.version, known.version + 1])
    return _is(entry, known) and following.type != fs.FileType.File


def since(location: str, known: Mark) -> Tail | None:
    """What was committed after ``known``; None where the log does not tell it plainly, and the table has to be opened.

    Args:
        location: of the table.
        known: the mark of an earlier reading.
    """
    entry, *following = _entries(location, [known.version, known.version + 1])
    if not _is(entry, known):
        return None
    if following[0].type != fs.FileType.File:
        return Tail(known)
    following += _entries(location, range(known.version + 2, known.version + MOST_COMMITS + 2))
    newest, commits = known, list[Commit]()
    filesystem, _ = stored_files.filesystem_of(location)
    for version, entry in enumerate(following, known.version + 1):
        if entry.type != fs.FileType.File:
            return Tail(newest, tuple(commits))
        commit = _commit(filesystem, entry) if entry.size <= MOST_BYTES else None
        if commit is None:
            return None
        commits.append(commit)
        newest = _mark(version, entry)
    return None


def _entries(location: str, versions: Sequence[int]) -> list[fs.FileInfo]:
    filesystem, root = stored_files.filesystem_of(location)
    found: list[fs.FileInfo] = filesystem.get_file_info(
        [f"{root}/_delta_log/{version:020d}.json" for version in versions]
    )
    return found


def _mark(version: int, entry: fs.FileInfo) -> Mark:
    return Mark(version, entry.mtime_ns or 0, entry.size or 0)


def _is(entry: fs.FileInfo, known: Mark) -> bool:
    return entry.type == fs.FileType.File and _mark(known.version, entry) == known


def _commit(filesystem: fs.FileSystem, entry: fs.FileInfo) -> Commit | None:
    with filesystem.open_input_stream(entry.path) as stream:
        text = stream.read()
    removed, added = [], []
    try:
        for line in text.splitlines():
            for kind, said in json.loads(line).items():
                if kind in SILENT:
                    continue
                if kind not in ("add", "remove") or said.get("deletionVector"):
                    return None
                if kind == "remove":
                    removed.append(str(said["path"]))
                else:
                    added.append(_added(said))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Commit(tuple(removed), tuple(added))


def _added(said: Mapping[str, Any]) -> Added:
    known = json.loads(said.get("stats") or "{}")
    return Added(
        str(said["path"]),
        dict(said["partitionValues"]),
        int(said["modificationTime"]),
        int(known.get("numRecords") or 0),
        known.get("minValues") or {},
        known.get("maxValues") or {},
    )
