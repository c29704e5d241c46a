"""The Java that Spark runs on. Standard library only: `make env` runs this before anything is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

from stack.errors import StackError

MINIMUM_VERSION = 17
_VERSION_LINE = re.compile(r'version "(?P<major>\d+)(?:\.(?P<minor>\d+))?')


def major_version(version_output: str) -> int | None:
    """The major version in what ``java -version`` prints, or None when it names none.

    Java 8 and older call themselves 1.8, 1.7 and so on: their minor number is the version.
    """
    match = _VERSION_LINE.search(version_output)
    if match is None:
        return None
    major = int(match["major"])
    return int(match["minor"] or 1) if major == 1 else major


def require_java(environ: Mapping[str, str]) -> str:
    """The path of a Java that Spark can use: JAVA_HOME's when it is set, else the first on PATH.

    Raises:
        StackError: there is none, it does not run, or it is older than `MINIMUM_VERSION`.
    """
    home = environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else shutil.which("java", path=environ.get("PATH"))
    where = f"JAVA_HOME={home}" if home else "PATH"
    advice = f"install Java {MINIMUM_VERSION} or newer (Debian, Ubuntu: apt install openjdk-17-jre-headless)"
    if java is None or not os.access(java, os.X_OK):
        raise StackError(f"Spark needs Java and there is none in {where}: {advice}, or set JAVA_HOME.")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = major_version(answer.stderr + answer.stdout)
    if answer.returncode != 0 or version is None:
        raise StackError(f"{java} -version does not answer with a version: {advice}, or set JAVA_HOME.")
    if version < MINIMUM_VERSION:
        raise StackError(f"{java} is Java {version}, too old for Spark: {advice}, or set JAVA_HOME.")
    return java


if __name__ == "__main__":
    try:
        require_java(os.environ)
    except StackError as error:
        sys.exit(str(error))
