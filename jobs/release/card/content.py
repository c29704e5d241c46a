"""What a card says, from the declaration and from what was found out about the version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jobs.release.gate import Finding
from jobs.release.gathering import Version
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_check import Limits
from lakehouse.declaration.dataset_split import SPLITS
from lakehouse.declaration.dataset_teacher import ServiceTeacher

MICROS = 1_000_000
# Licences and rejections: the most frequent so many, and the rest together.
LISTED = 30


def of(made: Version, findings: Sequence[Finding]) -> dict[str, Any]:
    """All that the template names."""
    dataset, event, material = made.dataset, made.event, made.material
    return {
        "title": dataset.title,
        "name": dataset.name,
        "description": dataset.description,
        "owner": dataset.owner,
        "version": event.version,
        "partition": event.partition.isoformat(),
        "content_digest": event.content_digest,
        "splits": list(_splits(made)),
        "examples": sum(made.scan.rows.values()),
        "used": len(made.documents),
        "hub": None if dataset.publish.hub is None else dataset.publish.hub.repo,
        "source": dataset.shared[0].title,
        "deliveries": len(set(made.lines["delivery_id"].to_pylist())),
        "days": material.days,
        "first_day": material.first_day,
        "last_day": material.last_day,
        "documents": material.documents,
        "kept": material.kept,
        "licence": dataset.card.licence,
        "licences": _most({name or "none": count for name, count in made.scan.licences.items()}),
        "languages": _most({name or "none": count for name, count in made.scan.languages.items()}),
        "filters": list(_filters(dataset)),
        "rejected": _most(material.rejected),
        "teacher": _teacher(made),
        "variants": list(_variants(made)),
        "checks": [(name, _bounds(limits)) for name, limits in dataset.check.limits()],
        "alike": dataset.check.alike,
        "keep": dataset.check.keep,
        "judge": None if dataset.judge is None else {"model": dataset.judge.model, "least": dataset.judge.least},
        "grade": None if dataset.grade is None else {"model": dataset.grade.model},
        "near": made.assembled.evidence.get("near", dataset.near.model_dump()),
        "shares": made.assembled.evidence.get("split", dataset.split.model_dump())["shares"],
        "left_out": _left_out(made, "documents"),
        "left_answers": _left_out(made, "examples"),
        "together": list(dataset.documents.together),
        "clusters": len(set(made.lines["cluster_id"].to_pylist())),
        "findings": [one.as_json for one in findings],
        "pii": dataset.documents.pii,
        "personal_before": dict(material.personal),
        "personal_now": dict(made.scan.personal.kinds),
        "difference": made.difference,
        "cost": _money(dataset, made.asked.cost_micros),
        "unsure": _money(dataset, made.asked.unsure_micros) if made.asked.unsure_micros else None,
        "limits": list(dataset.card.limits),
        "prompts": sorted({service.prompt for service in dataset.services.values()}),
    }


def _splits(made: Version) -> Iterator[dict[str, Any]]:
    documents: dict[str, set[str]] = {}
    for split, document in zip(made.lines["split"].to_pylist(), made.lines["document_id"].to_pylist(), strict=True):
        documents.setdefault(split, set()).add(document)
    for split in SPLITS:
        yield {"name": split, "rows": made.scan.rows.get(split, 0), "documents": len(documents.get(split, ()))}


def _filters(dataset: Dataset) -> Iterator[tuple[str, str]]:
    declared = dataset.filter
    if declared.languages:
        yield "languages", f"only {', '.join(declared.languages)}"
    if declared.licences:
        yield "licences", f"only {', '.join(declared.licences)}"
    for name, limits in declared.limits():
        yield name, _bounds(limits)
    if dataset.near.keep == "one":
        yield "near duplicates", "one of each cluster"


def _left_out(made: Version, what: str) -> list[tuple[str, int]]:
    """Why documents or answers that were kept are in no example, as the version's making found it."""
    return _most(made.assembled.evidence.get(what, {}).get("left_out", {}))


def _teacher(made: Version) -> dict[str, Any] | None:
    """Who answered, by the calls: what is declared now may be somebody else. None: the built-in summariser."""
    asked, teacher = made.asked, made.dataset.teacher
    if not asked.services:
        return None
    return {
        "models": dict(asked.services),
        "returned": dict(asked.returned_models),
        "prompt": teacher.prompt if isinstance(teacher, ServiceTeacher) and made.prompts.get(teacher.prompt) else None,
        "prompt_digests": sorted(asked.prompt_digests),
    }


def _variants(made: Version) -> Iterator[tuple[str, str]]:
    """The variants with what was asked for."""
    for name, said in made.asked.parameters.items():
        words = {", ".join(f"{key} {value}" for key, value in sorted(json.loads(one).items())) for one in said}
        yield name, "; ".join(sorted(words)) or "the service's own"


def _bounds(limits: Limits) -> str:
    words = [f"at least {limits.least:g}"] if limits.least is not None else []
    words += [f"at most {limits.most:g}"] if limits.most is not None else []
    return ", ".join(words)


def _money(dataset: Dataset, micros: int) -> str:
    return f"{micros / MICROS:.6f}" if dataset.budget is None else dataset.budget.words(micros)


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent first; what comes after so many is counted together."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rest = sum(count for _, count in ordered[LISTED:])
    return [*ordered[:LISTED], *([(f"{len(ordered) - LISTED} others", rest)] if rest else [])]
