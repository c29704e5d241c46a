"""The declarations of another revision of git, as files in a folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from lakehouse.errors import BadArguments


def extract(revision: str, roots: Sequence[Path], folder: Path) -> list[Path]:
    """Write the roots as they are in ``revision`` below ``folder``; where each lies there. One that it does not have is empty.

    Raises:
        BadArguments: no such revision, or a root is in no repository.
    """
    found = []
    for number, root in enumerate(roots):
        place = folder / str(number)
        place.mkdir(parents=True)
        found.append(place)
        if not root.is_dir():
            continue
        repository = Path(_git(root, "rev-parse", "--show-toplevel").decode().strip())
        commit = _git(repository, "rev-parse", "--verify", "--end-of-options", f"{revision}^0").decode().strip()
        within = root.resolve().relative_to(repository.resolve()).as_posix()
        if within != "." and not _git(repository, "ls-tree", "-d", commit, "--", within).strip():
            continue
        packed = _git(repository, "archive", "--format=tar", commit, *([] if within == "." else ["--", within]))
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(place / "tree", filter="data")
        found[-1] = place / "tree" / within
    return found


def _git(folder: Path, *words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise BadArguments(
            f"git {' '.join(words[:2])} in {folder}: expected a revision with the declarations, found: {said[-1]}"
        )
    return done.stdout
