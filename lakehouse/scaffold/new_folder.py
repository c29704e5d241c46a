"""Writing a use case's folder and its deliveries: all of them or none, and nothing that is there is touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lakehouse.declaration import UseCase, loader
from lakehouse.errors import BadArguments, DeclarationError


@contextmanager
def workplace(place: Path) -> Iterator[Path]:
    """A folder beside what will be written, gone in the end.

    Raises:
        BadArguments: when nothing can be written there.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".new-", dir=place))
    except OSError as error:
        raise BadArguments(f"{place}: expected a folder that can be written to: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(
    name: str, files: Mapping[str, str], into: Path, workshop: Path, deliveries: Path | None, landing: Path
) -> UseCase:
    """Write the folder, check that it loads, and move it and the deliveries where they belong.

    Args:
        name: of the use case.
        files: what its files say, by their names.
        into: the folder that gets it.
        workshop: a folder beside it.
        deliveries: has a folder a source to be landed; None where nothing is.
        landing: the landing zone.

    Raises:
        BadArguments: when something is in the way. DeclarationError: when what was written is wrong.
    """
    draft = workshop / name
    draft.mkdir()
    for file, text in files.items():
        (draft / file).write_text(text, encoding="utf-8")
    try:
        use_case = loader.load(draft / "use_case.yaml")
    except DeclarationError as error:
        raise DeclarationError(f"new {name}: the draft is refused, and nothing was written: {error}") from error
    moves = [(draft, into / name)]
    if deliveries is not None:
        moves += [(folder, landing / folder.name) for folder in sorted(deliveries.iterdir())]
    moved: list[tuple[Path, Path]] = []
    try:
        for source, target in reversed(moves):
            # An empty folder may be there; any other is somebody's, and the system refuses.
            source.rename(target)
            moved.append((source, target))
    except OSError as error:
        for source, target in moved:
            target.rename(source)
        raise BadArguments(
            f"new {name}: {error.filename2 or error.filename} is in the way: {error.strerror}; nothing was written"
        ) from error
    return use_case
