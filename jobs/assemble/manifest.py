"""The manifest of a version: what it is made of and by, as JSON. No instant is in it: equal versions have equal ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from importlib.metadata import version as installed
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.assemble.made import Made
from jobs.assemble.version import ASSEMBLE
from lakehouse import code_version, fingerprints
from lakehouse.declaration import Dataset
from lakehouse.ops import calls

# The libraries that decide texts, languages, answers, clusters.
LIBRARIES = ("markdown-it-py", "numpy", "phonenumbers", "py3langid", "pyarrow", "scikit-learn", "scipy", "trafilatura")
# Where keys and folders are on the machine that assembles, and who is told.
LEFT_OUT: dict[str, Any] = {
    "alerts": True,
    "retention": True,
    "publish": True,
    "teacher": {"connection", "key_variable"},
    "grade": {"connection", "key_variable"},
    "judge": {"connection", "key_variable"},
}


def of(made: Made) -> dict[str, Any]:
    """The manifest."""
    dataset, material = made.material.dataset, made.material
    teacher = dataset.teacher
    return {
        "documents": {
            "seen": material.seen,
            "kept": material.kept,
            "taught": len(made.placed),
            "in_version": len(made.documents),
            "left_out": dict(sorted(made.left_out.items())),
        },
        "examples": {**made.rows, "left_out": dict(sorted(made.left_answers.items()))},
        "clusters": made.clusters,
        "near": dataset.near.model_dump(mode="json"),
        "split": dataset.split.model_dump(mode="json"),
        "teacher": {
            "by": teacher.by,
            "model": getattr(teacher, "model", None),
            "endpoint": getattr(teacher, "endpoint", None),
        },
        "variants": [one.model_dump(mode="json", exclude_none=True) for one in teacher.variants],
        "calls": _calls(made),
        "deliveries": _deliveries(made),
        "declaration": declaration_digest(dataset),
        "assembled_by": ASSEMBLE,
        "code": code_version.version(),
        "libraries": {name: installed(name) for name in LIBRARIES},
    }


def declaration_digest(dataset: Dataset) -> str:
    """The digest of what is declared and decides what a version is."""
    return fingerprints.digest(json.dumps(dataset.model_dump(mode="json", exclude=LEFT_OUT), sort_keys=True))


def cost_micros(manifest: dict[str, Any]) -> int:
    """What the calls of the version's answers cost."""
    return int(manifest["calls"]["cost_micros"])


def _calls(made: Made) -> dict[str, Any]:
    dataset = made.material.dataset
    keys = sorted({one.request_key for one in made.answers})
    columns = ("request_key", "cost_micros", "unsure_micros", "model", "prompt_digest")
    found = calls.answers(dataset.name, columns=columns)
    used = found.filter(pc.is_in(found["request_key"], value_set=pa.array(keys, pa.string())))
    return {
        "used": len(keys),
        "digest": hashlib.sha256("\n".join(keys).encode()).hexdigest(),
        "models": _distinct(used, "model"),
        "prompt_digests": _distinct(used, "prompt_digest"),
        "cost_micros": _sum(used, "cost_micros"),
        "unsure_micros": _sum(used, "unsure_micros"),
        "all": len(found),
        "all_cost_micros": _sum(found, "cost_micros"),
        "all_unsure_micros": _sum(found, "unsure_micros"),
        "currency": None if dataset.budget is None else dataset.budget.currency,
    }


def _deliveries(made: Made) -> dict[str, int]:
    """The deliveries that the version's documents came from, and how many of each."""
    column = made.material.documents["delivery_id"].to_pylist()
    return dict(sorted(Counter(column[at] for at in made.documents).items()))


def _distinct(rows: pa.Table, name: str) -> list[str]:
    return sorted(one for one in pc.unique(rows[name]).to_pylist() if one)


def _sum(rows: pa.Table, name: str) -> int:
    return int(pc.sum(rows[name]).as_py() or 0)
