"""Files of a folder or of an address, listed alike."""

from __future__ import annotations

from pyarrow import fs

from lakehouse.storage import stored_files


def listed(location: str) -> dict[str, fs.FileInfo]:
    """Every file under a folder or an address, by its path there; none where there is nothing."""
    filesystem, root = stored_files.filesystem_of(location)
    root = root.rstrip("/")
    found = filesystem.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    return {info.path.removeprefix(f"{root}/"): info for info in found if info.type == fs.FileType.File}


def is_empty(location: str, besides: tuple[str, ...] = ()) -> bool:
    """Whether there is no file under a folder or an address, but for those in the folders ``besides``."""
    return all(path.split("/")[0] in besides for path in listed(location))
