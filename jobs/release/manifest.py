"""The manifest of a published version: what it is made of, from documents and calls to code, and the digests of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from jobs.release.gate import Finding
from jobs.release.gathering import Version
from lakehouse import code_version
from lakehouse.corpus.publication import file_digest

# The form of the manifest and the folder. Raise it when readers of the one can't read the other.
LAYOUT = 1
# What decides the bytes of the files.
LIBRARIES = ("pyarrow", "duckdb", "jinja2")
# Of the declaration: where keys and folders are on the machine that publishes.
LEFT_OUT: dict[str, Any] = {
    "alerts": True,
    "retention": True,
    "publish": {"folder": True, "hub": {"token_variable": True}},
    "teacher": {"connection", "key_variable"},
    "grade": {"connection", "key_variable"},
    "judge": {"connection", "key_variable"},
}
DOCUMENT = ("document_id", "content_digest", "split", "cluster_id", "delivery_id")


def content(made: Version, findings: Sequence[Finding]) -> dict[str, Any]:
    """What the version is made of. Neither an instant, nor a key, nor a path of a machine is in it."""
    event, asked = made.event, made.asked
    return {
        "layout": LAYOUT,
        "dataset": made.dataset.name,
        "title": made.dataset.title,
        "version": event.version,
        "partition": event.partition.isoformat(),
        "content_digest": event.content_digest,
        "fingerprint": event.fingerprint,
        "rows": dict(sorted(event.rows.items())),
        "declaration": made.dataset.model_dump(mode="json", exclude=LEFT_OUT),
        "assembled": made.assembled.evidence,
        "gate": [one.as_json for one in findings],
        "asked": {
            "models": dict(asked.models),
            "returned_models": dict(asked.returned_models),
            "parameters": dict(asked.parameters),
            "prompt_digests": sorted(asked.prompt_digests),
            "cost_micros": asked.cost_micros,
            "unsure_micros": asked.unsure_micros,
        },
        "difference": None if made.difference is None else asdict(made.difference),
        "code": code_version.version(),
        "libraries": {name: installed(name) for name in LIBRARIES},
        "documents": list(_documents(made)),
        "calls": sorted(set(made.lines["request_key"].to_pylist())),
    }


def with_files(content: Mapping[str, Any], folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """The same with the digest and the length of every file, by its path in the folder."""
    described = {
        file.relative_to(folder).as_posix(): {"sha256": file_digest(file), "bytes": file.stat().st_size}
        for file in files
    }
    return {**content, "files": dict(sorted(described.items()))}


def _documents(made: Version) -> Iterator[dict[str, Any]]:
    """Each document once, in the order of the ids."""
    seen = None
    for one in zip(*(made.lines[name].to_pylist() for name in DOCUMENT), strict=True):
        if one[0] != seen:
            seen = one[0]
            yield dict(zip(DOCUMENT, one, strict=True))
