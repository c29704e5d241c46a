"""Files of a folder or of an address, listed and read alike."""

from __future__ import annotations

from collections.abc import Iterator

from pyarrow import fs

from lakehouse.storage import stored_files

READ_BYTES = 4 << 20


def listed(location: str) -> dict[str, fs.FileInfo]:
    """Every file under a folder or an address, by its path there; none where there is nothing."""
    filesystem, root = stored_files.filesystem_of(location)
    root = root.rstrip("/")
    found = filesystem.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    return {info.path.removeprefix(f"{root}/"): info for info in found if info.type == fs.FileType.File}


def is_empty(location: str, besides: tuple[str, ...] = ()) -> bool:
    """Whether there is no file under a folder or an address, but for those in the folders ``besides``."""
    return all(path.split("/")[0] in besides for path in listed(location))


def chunks(filesystem: fs.FileSystem, path: str) -> Iterator[bytes]:
    """The bytes of a file as they are, some at a time.

    Raises:
        OSError: FileNotFoundError among them.
    """
    # Arrow would unpack what its name calls packed.
    with filesystem.open_input_stream(path, compression=None) as stream:
        while content := stream.read(READ_BYTES):
            yield content
