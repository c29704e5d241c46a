"""The examples of a version: each answer with the text of its document, some at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from jobs.assemble.made import Made
from jobs.assemble.split import NAMES
from lakehouse import tables
from lakehouse.errors import WriteConflict
from lakehouse.storage import table_schema

OF_DOCUMENTS = ("document_id", "content_digest", "title", "text", "language", "licence", "url", "delivery_id")


def batches(made: Made, version: int) -> Iterator[pa.Table]:
    """The rows of the examples' table, in no order.

    Raises:
        WriteConflict: when a document is not in its table any more as it was a moment ago.
    """
    schema = table_schema.arrow_schema(tables.examples(made.material.dataset))
    answers = made.answers
    owner = np.array([one.document for one in answers], np.int64)
    count = len(made.material.documents)
    begins, ends = (np.searchsorted(owner, np.arange(count), side=side) for side in ("left", "right"))
    chosen = [reason is None for reason in made.reasons]
    written = 0
    for places, batch in made.material.batches(OF_DOCUMENTS, chosen):
        own = [answers[at] for place in places for at in range(begins[place], ends[place])]
        placed = [made.placed[one.document] for one in own]
        repeated = batch.take(np.repeat(np.arange(len(places)), (ends - begins)[places]))
        columns = {name: repeated[name] for name in OF_DOCUMENTS} | {
            "version": [version] * len(own),
            "split": [NAMES[one.side] for one in placed],
            "cluster_id": [one.cluster for one in placed],
            "example_id": [one.example_id for one in own],
            "variant": [one.variant for one in own],
            "request_key": [one.request_key for one in own],
            "summary": [one.summary for one in own],
        }
        written += len(own)
        yield pa.table({field.name: pa.array(columns[field.name], field.type) for field in schema}, schema=schema)
    if written != len(answers):
        raise WriteConflict(
            f"{tables.documents(made.material.dataset).full_name}: expected the texts of {len(answers)} examples, found {written}: "
            "documents were written meanwhile; no version was made: run assemble again"
        )
