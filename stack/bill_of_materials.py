"""``python -m stack.bill_of_materials``: what the platform consists of, as a bill of materials in CycloneDX's JSON (version 1.6).

It has every package of requirements.txt, by the name, version and hashes of the lock, and every jar of the installed PySpark:
Spark's own, and those that `stack.jars` adds. The same lock and jars give the same bytes: it has no time, no
number of its own and no path, so that two releases can be compared by diff.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from lakehouse.settings import PROJECT_ROOT
from stack import jars
from stack.errors import StackError

LOCK = PROJECT_ROOT / "requirements.txt"
FILE = PROJECT_ROOT / "sbom.json"
VERSION = SchemaVersion.V1_6

_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$", re.M
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# `artifact-1.2.3.jar`, and `group_artifact-1.2.3.jar` of those that Spark's resolver has fetched.
_JAR = re.compile(r"(?:(?P<group>[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)_)?(?P<name>.+?)-(?P<version>\d[\w.+-]*)\.jar")
_COORDINATES = re.compile(r"META-INF/maven/(?P<group>[^/]+)/(?P<name>[^/]+)/pom\.properties")


@dataclass(frozen=True, order=True)
class Part:
    """A part of the platform.

    Attributes:
        kind: of its package URL, ``pypi`` or ``maven``.
        group: its group in Maven; empty where there is none, or it is not known.
        name: as its registry has it.
        version: which one.
        hashes: SHA-256 of the files that may be installed as it.
        marker: where it is installed; empty for everywhere.
    """

    kind: str
    group: str
    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str = ""


def packages(lock: str) -> list[Part]:
    """The packages of a lock's text.

    Raises:
        StackError: a line that pins a package has no hash.
    """
    pins = list(_PIN.finditer(lock))
    ends = [pin.start() for pin in pins[1:]] + [len(lock)]
    found = []
    for pin, end in zip(pins, ends, strict=True):
        hashes = tuple(sorted(_HASH.findall(lock, pin.end(), end)))
        if not hashes:
            raise StackError(
                f"{pin['name']}=={pin['version']}: expected its hashes in the lock, found none; run make lock"
            )
        found.append(Part("pypi", "", pin["name"], pin["version"], hashes, pin["marker"] or ""))
    return found


def jars_in(folder: Path) -> Iterator[Part]:
    """The jars of a folder."""
    for file in sorted(folder.glob("*.jar")):
        named = _JAR.fullmatch(file.name)
        name, version = (named["name"], named["version"]) if named else (file.stem, "")
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        yield Part("maven", (named and named["group"]) or _group(file, name), name, version, (digest,))


def bill(parts: Iterable[Part]) -> str:
    """The bill of these parts.

    Raises:
        StackError: it does not have the shape that CycloneDX's schema asks for.
    """
    platform = Component(name="nightjar", type=ComponentType.APPLICATION, bom_ref="nightjar")
    made = Bom(components=[_component(one) for one in sorted(set(parts))], metadata=BomMetaData(component=platform))
    made.register_dependency(platform, made.components)
    # What would differ from one time to the next.
    made.metadata.timestamp, made.serial_number = None, None  # type: ignore[assignment]
    text = make_outputter(made, OutputFormat.JSON, VERSION).output_as_string(indent=1) + "\n"
    if problem := JsonStrictValidator(VERSION).validate_str(text):
        raise StackError(
            f"the bill of materials: expected the shape of CycloneDX {VERSION.to_version()}, found: {problem}"
        )
    return text


def _component(part: Part) -> Component:
    url = PackageURL(part.kind, part.group or None, part.name, part.version or None)
    return Component(
        name=part.name,
        group=part.group or None,
        version=part.version or None,
        type=ComponentType.LIBRARY,
        purl=url,
        bom_ref=f"{url}#{part.hashes[0][:12]}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in part.hashes],
        properties=[Property(name="nightjar:marker", value=part.marker)] if part.marker else [],
    )


def _group(file: Path, name: str) -> str:
    """The group of a jar as the jar itself says; empty where it says none, or packs several others."""
    try:
        with zipfile.ZipFile(file) as jar:
            found = {
                match["group"]
                for entry in jar.namelist()
                if (match := _COORDINATES.fullmatch(entry)) and match["name"] == name
            }
    except zipfile.BadZipFile:
        return ""
    return found.pop() if len(found) == 1 else ""


def main(arguments: list[str] | None = None) -> int:
    """Write the bill."""
    parser = argparse.ArgumentParser(prog="python -m stack.bill_of_materials", description=__doc__)
    parser.add_argument("--to", type=Path, default=FILE, metavar="FILE", help=f"default: {FILE.name}")
    asked = parser.parse_args(arguments)
    try:
        of_python, of_java = packages(LOCK.read_text(encoding="utf-8")), list(jars_in(jars.spark_home() / "jars"))
        asked.to.write_text(bill([*of_python, *of_java]), encoding="utf-8")
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{asked.to}: {len(of_python)} Python packages and {len(of_java)} jars, CycloneDX {VERSION.to_version()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
