"""What lies on this machine's disk beside the tables: caches, studies, messages, and what killed jobs left behind."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.erase import forgetting
from jobs.erase.subject import Subject
from lakehouse import settings
from lakehouse.declaration import UseCase
from lakehouse.models import artifacts
from lakehouse.storage import kept_on_disk

NAME, CACHES, LEFT_OVER = "messages", "files of caches", "left by killed jobs"
MESSAGES = "alerts.log"
# Made again when they are needed: what of a use case lies there, by its name.
CACHED = ("models", "studies", "backtests")
# Of the status page, which has copies of what monitoring said: read again when they are gone.
COPIES = kept_on_disk.FOLDER
# Folders and files with rows that jobs and commands make for themselves, under the system's folder for such; a backup's may have
# the database in which Airflow has the form of an erasure.
TEMPORARY = re.compile(r"^nightjar-(rows|search|sort|job|hub|extraction|object|erasing|backup|restore|review)-")
PROC = Path("/proc")
OLD_SECONDS = 86_400


@dataclass(frozen=True)
class StateFolder:
    """Files of this machine that may name one of the subjects, or have rows."""

    subjects: Sequence[Subject]
    use_cases: Sequence[UseCase]

    def found(self) -> Mapping[str, int]:
        """Lines of messages, files of caches, and folders that nobody works in any more."""
        return {
            NAME: sum(self._without(line) != line for line in _lines(self._messages)),
            CACHES: len(list(self._cached())),
            LEFT_OVER: len(list(_left_over())),
        }

    def take_out(self) -> list[str]:
        """Write the messages again, and remove the others: nothing of them is needed."""
        lines = _lines(self._messages)
        new = [self._without(line) for line in lines]
        if new != lines:
            # In its place, as others append to it.
            with self._messages.open("r+", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write("".join(new))
                file.truncate()
        for cached in list(self._cached()):
            cached.unlink(missing_ok=True)
        for left in list(_left_over()):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        return []

    @property
    def _messages(self) -> Path:
        return settings.load().state_root / MESSAGES

    def _without(self, line: str) -> str:
        return forgetting.reason(line, self.subjects)

    def _cached(self) -> Iterator[Path]:
        root = settings.load().state_root
        for use_case in self.use_cases:
            for folder in (root / kind / use_case.name for kind in CACHED):
                for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
                    # A sample of rows of training: the version's run has it, without what is erased.
                    if file.is_file() and (str(file).endswith(artifacts.REFERENCE) or self._named(file)):
                        yield file
        copies = root / COPIES
        yield from (file for file in sorted(copies.rglob("*")) if file.is_file() and self._named(file))

    def _named(self, file: Path) -> bool:
        try:
            text = file.read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            # Gone meanwhile.
            return False
        return self._without(text) != text


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as opened:
        return opened.readlines()


def _left_over() -> Iterator[Path]:
    """Folders and files of jobs that have ended: older than any job, and no process has them open."""
    folder = Path(tempfile.gettempdir())
    mine = [one for one in folder.glob("nightjar-*") if TEMPORARY.match(one.name) and _owned(one) and _old(one)]
    if mine:
        used = _used(mine)
        yield from (one for one in sorted(mine) if one not in used)


def _old(path: Path) -> bool:
    # A job has its files open while it reads and writes them, and not in between.
    try:
        return time.time() - max(one.lstat().st_mtime for one in (path, *path.glob("*"))) > OLD_SECONDS
    except OSError:
        # Its job is removing it.
        return False


def _owned(path: Path) -> bool:
    try:
        return path.lstat().st_uid == os.getuid() and not path.is_symlink()
    except OSError:
        return False


def _used(paths: Collection[Path]) -> set[Path]:
    """Those of the paths that a process of this user works with: has open, mapped, as its folder, or named in its command line."""
    if not PROC.is_dir():
        return set(paths)
    told = []
    for process in PROC.iterdir():
        if process.name.isdecimal() and _owned(process):
            told += [*_links(process), _text(process / "maps"), _text(process / "cmdline")]
    all_of_it = "\n".join(told)
    return {path for path in paths if str(path) in all_of_it}


def _links(process: Path) -> Iterator[str]:
    try:
        links = [process / "cwd", *(process / "fd").iterdir()]
    except OSError:
        return
    for link in links:
        try:
            yield os.readlink(link)
        except OSError:
            continue


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
