"""The rows of the tables of clusters and splits. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.assemble.earlier import Earlier
from jobs.assemble.made import Made
from jobs.assemble.split import NAMES
from lakehouse import tables
from lakehouse.storage import table_schema


def clusters(made: Made, version: int) -> pa.Table:
    """A row for each document that has a kept answer."""
    names = made.material.names
    nearest, jaccard, containment = _nearest(made)
    shared = Counter(group for own in made.together for group in set(own))
    return pa.table(
        {
            "version": pa.array([version] * len(names), pa.int32()),
            "document_id": names,
            "cluster_id": [one.cluster for one in made.placed],
            "nearest": [None if at < 0 else names[at] for at in nearest],
            "jaccard": jaccard,
            "containment": containment,
            "together_with": [next((one for one in own if shared[one] > 1), None) for own in made.together],
            "left_out": made.reasons,
        },
        schema=table_schema.arrow_schema(tables.clusters(made.material.dataset)),
    )


def splits(made: Made, before: Earlier, version: int) -> Iterator[dict[str, Any]]:
    """A row for each document that is in a version for the first time."""
    names = made.material.names
    for at in made.documents:
        if names[at] not in before.sides:
            placed = made.placed[at]
            side = NAMES[placed.side]
            yield {"document_id": names[at], "cluster_id": placed.cluster, "split": side, "first_version": version}


def _nearest(made: Made) -> tuple[list[int], list[float | None], list[float | None]]:
    """By document the one that it is most alike, -1 where it is alone, with Jaccard and containment."""
    texts, pairs = np.asarray(made.ties.texts, np.int64), made.ties.pairs
    # The two least documents of each text; they are in the order of their ids.
    first, second = (np.full(len(made.ties.text_sides), -1, np.int64) for _ in range(2))
    for at in range(len(texts) - 1, -1, -1):
        first[texts[at]], second[texts[at]] = at, first[texts[at]]
    one, other = np.append(pairs.left, pairs.right), np.append(pairs.right, pairs.left)
    jaccard, containment = np.tile(pairs.jaccard, 2), np.tile(pairs.containment, 2)
    order = np.lexsort((first[other], -jaccard, -np.maximum(jaccard, containment)))
    order = order[(first[one[order]] >= 0) & (first[other[order]] >= 0)]
    own_text, begin = np.unique(one[order], return_index=True)
    best = dict(zip(own_text.tolist(), order[begin].tolist(), strict=True))
    nearest, alike, within = list[int](), list[float | None](), list[float | None]()
    for document, own in enumerate(texts.tolist()):
        if second[own] >= 0:
            nearest.append(int(second[own] if first[own] == document else first[own]))
            alike.append(1.0)
            within.append(1.0)
        elif (pair := best.get(own)) is not None:
            nearest.append(int(first[other[pair]]))
            alike.append(float(jaccard[pair]))
            within.append(float(containment[pair]))
        else:
            nearest.append(-1)
            alike.append(None)
            within.append(None)
    return nearest, alike, within
