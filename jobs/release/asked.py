"""The calls behind a version's examples, and those that are still open."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import fingerprints, tables
from lakehouse.corpus import current
from lakehouse.declaration import Dataset
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.errors import DeclarationError
from lakehouse.ops import calls
from lakehouse.ops.call import ANSWERED, OPEN, SENT
from lakehouse.storage import arrow_dataset
from lakehouse.teacher import extractive
from lakehouse.teacher.subject import NOT_YET

COLUMNS = (
    "request_key", "state", "endpoint", "model", "returned_model", "variant", "parameters", "prompt_digest", "cost_micros",
    "unsure_micros", "input_tokens", "output_tokens",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The calls of a version's examples.

    Attributes:
        unanswered: keys that are not of a call that was answered, in their order.
        models: by the model that was asked for, how many calls.
        services: the same of calls that went to a service, and not to the built-in summariser.
        returned_models: by the model that the service named.
        parameters: by variant, what was asked for, as JSON objects.
        prompt_digests: of the teacher's prompt.
        cost_micros: what they cost, in millionths.
        unsure_micros: the part of it that is the most it can have been.
        input_tokens: all together, as far as services said.
        output_tokens: likewise.
    """

    unanswered: tuple[str, ...]
    models: Mapping[str, int]
    services: Mapping[str, int]
    returned_models: Mapping[str, int]
    parameters: Mapping[str, list[str]]
    prompt_digests: frozenset[str]
    cost_micros: int
    unsure_micros: int
    input_tokens: int
    output_tokens: int

    @classmethod
    def of(cls, dataset: Dataset, keys: Collection[str]) -> Asked:
        """The calls with these keys."""
        wanted = frozenset(keys)
        table = calls.answers(dataset.name, wanted, COLUMNS).sort_by("request_key")
        answered = table.filter(pc.equal(table["state"], ANSWERED))
        known = set(answered["request_key"].to_pylist())
        parameters: dict[str, set[str]] = {}
        for variant, said in zip(table["variant"].to_pylist(), table["parameters"].to_pylist(), strict=True):
            parameters.setdefault(variant, set()).add(said)
        return cls(
            unanswered=tuple(sorted(wanted - known)),
            models=_counted(table["model"]),
            services=_counted(table.filter(pc.not_equal(table["endpoint"], extractive.ENDPOINT))["model"]),
            returned_models=_counted(table["returned_model"]),
            parameters={variant: sorted(said) for variant, said in sorted(parameters.items())},
            prompt_digests=frozenset(one for one in table["prompt_digest"].to_pylist() if one),
            cost_micros=_sum(table["cost_micros"]),
            unsure_micros=_sum(table["unsure_micros"]),
            input_tokens=_sum(table["input_tokens"]),
            output_tokens=_sum(table["output_tokens"]),
        )


def still_open(dataset: Dataset, day: dt.date) -> list[str]:
    """The documents that are kept as of a day and the declared variants whose call has no outcome, as ``document, variant``.

    A variant that was never checked counts as open, and so does an answer that waits for the judge's mark.
    """
    documents = current.read(dataset, day, ("document_id", "content_digest"), kept=True)
    rows = _states(dataset, day)
    known = {
        (document, digest, variant): OPEN if NOT_YET in reasons else state
        for document, digest, variant, state, reasons in zip(
            *(rows[name].to_pylist() for name in rows.column_names), strict=True
        )
    }
    variants = [one.name for one in dataset.teacher.variants]
    pairs = zip(documents["document_id"].to_pylist(), documents["content_digest"].to_pylist(), strict=True)
    return [
        f"{document}, {variant}"
        for document, digest in pairs
        for variant in variants
        if known.get((document, digest, variant), OPEN) in (OPEN, SENT)
    ]


def same_prompts(folder: Path, dataset: Dataset, recorded: frozenset[str]) -> dict[str, bool]:
    """Whether the teacher's prompt is the one that the answers were asked with; nothing where no service answers.

    Raises:
        DeclarationError: when the file can't be read.
    """
    teacher = dataset.teacher
    if not isinstance(teacher, ServiceTeacher) or not recorded:
        return {}
    file = folder / teacher.prompt
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise DeclarationError(f"{file}: expected the prompt, found {type(error).__name__}") from error
    return {teacher.prompt: recorded == {fingerprints.digest(text)}}


def _states(dataset: Dataset, day: dt.date) -> pa.Table:
    """The states of what is known about documents as of a day."""
    columns = ("document_id", "content_digest", "variant", "state", "reasons")
    return arrow_dataset.read(tables.summaries(dataset), pc.field("partition") <= day, columns=columns)


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return dict(sorted(Counter(one for one in column.to_pylist() if one is not None).items()))


def _sum(column: pa.ChunkedArray) -> int:
    return int(pc.sum(column).as_py() or 0)
