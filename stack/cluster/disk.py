"""The disk of a native host: in a mount namespace of its own, the machine's files can be read and only its own folder written.

So nothing can lean on a disk that hosts share. What lies in the folders of other hosts, in the cluster's own folder and in the
project's default state folders is not seen at all.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from stack.cluster.host import HOME, TLS

READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4096, 16384, 1 << 18
# The system's own: not disks.
SYSTEM = ("/proc", "/sys", "/dev")
# Each becomes a folder of the host's own.
OWN = ("/tmp", "/var/tmp")
# Folders that a whole machine shares and that are memory.
MEMORY = ("/dev/shm",)
# What a clone has by default, as `lakehouse.settings` says.
DEFAULTS = ("warehouse", "landing", ".nightjar")


def become_private(home: Path, hidden: Iterable[Path], project: Path, megabytes: int | None) -> None:
    """Give this process, and all that it starts, the disk of a host; its mount namespace has to be its own already.

    Args:
        home: the host's folder, which becomes `HOME`.
        hidden: folders that are not to be seen.
        project: the code, which is to be seen wherever it lies, as is the environment that runs this.
        megabytes: the size of the host's disk, which is memory then; None for the folder.
    """
    _mount("none", "/", "", PRIVATE | RECURSIVE)
    # Held before they are covered; by way of these descriptors they are mounted again.
    held = {path: os.open(path, os.O_PATH) for path in _seen_again(project)}
    own = os.open(home, os.O_PATH)
    if megabytes is None:
        _mount(_of(own), HOME, "", BIND)
    else:
        _mount("none", HOME, "tmpfs", 0, f"size={megabytes}m,mode=755")
        # What the launch has laid into the folder.
        laid = f"{_of(own)}/{Path(TLS).name}"
        if os.path.isdir(laid):
            shutil.copytree(laid, TLS)
    for folder in OWN:
        mine = f"{HOME}/{folder.strip('/').replace('/', '-')}"
        os.makedirs(mine, exist_ok=True)
        os.chmod(mine, 0o1777)
        _mount(mine, folder, "", BIND)
    for folder in MEMORY:
        _mount("none", folder, "tmpfs", 0, "mode=1777")
    _forbid_writing(but=(HOME, *OWN))
    for path, descriptor in held.items():
        if any(path.is_relative_to(folder) for folder in OWN):
            path.mkdir(parents=True, exist_ok=True)
            _mount(_of(descriptor), str(path), "", BIND)
            _mount("none", str(path), "", BIND | REMOUNT | READ_ONLY)
        os.close(descriptor)
    os.close(own)
    for unseen in (*hidden, *(project / name for name in DEFAULTS)):
        if unseen.is_dir():
            _mount("none", str(unseen), "tmpfs", READ_ONLY)
    os.chdir(HOME)


def _seen_again(project: Path) -> list[Path]:
    """The project, the environment and the Python that it was made from, the outer ones first."""
    found = {project, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), Path(sys.prefix)}
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _forbid_writing(but: tuple[str, ...]) -> None:
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    for point in points:
        if point not in but and not any(point == folder or point.startswith(f"{folder}/") for folder in SYSTEM):
            _mount("none", point, "", BIND | REMOUNT | READ_ONLY)


def _of(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    # The program `mount` would write the path of a descriptor out, which is covered by then.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None):
        number = ctypes.get_errno()
        raise OSError(number, f"mount on {target}: {os.strerror(number)}")
