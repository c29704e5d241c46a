"""The READMEs of the installed packages, as the documents of a MongoDB collection."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email.message import Message
from importlib import metadata
from typing import Any, cast

from pymongo import UpdateOne
from pymongo.collection import Collection

# What packages call their licences, where they don't write it as SPDX does: by classifier, then by the field's first line.
CLASSIFIED = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
WRITTEN = {
    "mit license": "MIT",
    "mit": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
}
SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*( (OR|AND|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*)*")
# A longer text is the licence itself.
LONGEST = 60

Document = dict[str, Any]


def installed() -> Iterator[Document]:
    """A document for each installed distribution that has a README, by name; of one installed twice the first."""
    found: dict[str, metadata.Distribution] = {}
    for one in metadata.distributions():
        name = one.metadata["Name"]
        if name:
            found.setdefault(name.lower(), one)
    for _, one in sorted(found.items()):
        about = cast("Message", one.metadata)
        # The body: as a field it is there whichever library reads it.
        text = about.get("Description")
        if isinstance(text, str) and text.strip():
            markup = (about.get("Description-Content-Type") or "").partition(";")[0].strip().lower()
            yield {
                "_id": about["Name"],
                "package": about["Name"],
                "release": about["Version"],
                "headline": about.get("Summary"),
                "readme": text,
                "markup": markup or None,
                "licence": licence(about),
                "homepage": homepage(about),
            }


def licence(about: Message) -> str | None:
    """The licence as SPDX writes it, where that can be known."""
    if expression := about.get("License-Expression"):
        return str(expression)
    line = (about.get("License") or "").strip().split("\n")[0].strip()
    known = WRITTEN.get(line.lower())
    if known is not None:
        return known
    if line and len(line) <= LONGEST and SPDX.fullmatch(line) and line.lower() not in ("unknown", "bsd", "psfl"):
        return line
    classified = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License")]
    names = sorted({CLASSIFIED[one] for one in classified if one in CLASSIFIED})
    return " OR ".join(names) or None


def homepage(about: Message) -> str | None:
    """Where a package is developed: the address that its authors call so, else its home page."""
    addresses = dict[str, str]()
    for line in about.get_all("Project-URL") or ():
        label, _, address = line.partition(",")
        addresses.setdefault(label.strip().lower(), address.strip())
    for label in ("repository", "source", "source code", "code", "github", "homepage", "home"):
        if label in addresses:
            return addresses[label]
    return about.get("Home-page") or None


def seed(collection: Collection[Document], documents: list[Document], changed: dt.datetime) -> int:
    """Insert or correct these documents; returns how many were new or different.

    Args:
        collection: where they go.
        documents: with their ``_id``.
        changed: the ``updated_at`` of those that are new or different.
    """
    before = {one["_id"]: one for one in collection.find({"_id": {"$in": [one["_id"] for one in documents]}})}
    writes = []
    for one in documents:
        said = {name: value for name, value in one.items() if value is not None}
        if {name: value for name, value in before.get(one["_id"], {}).items() if name != "updated_at"} != said:
            writes.append(UpdateOne({"_id": one["_id"]}, {"$set": said | {"updated_at": changed}}, upsert=True))
    if writes:
        collection.bulk_write(writes, ordered=False)
        collection.create_index([("updated_at", 1), ("_id", 1)])
    return len(writes)
