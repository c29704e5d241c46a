"""Which documents are the same, or nearly the same, as far as their signatures say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.corpus import shingles

Mask = NDArray[np.bool_]

# Documents that are as near as that share one of so many of their least hashes, but for a few in a thousand.
SHARED = 8


def exact(digests: pa.ChunkedArray) -> Mask:
    """Which documents have the text of another one."""
    codes = digests.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    found: Mask = np.bincount(codes, minlength=1)[codes] > 1 if len(codes) else np.zeros(0, np.bool_)
    return found


def near(signatures: Sequence[str], jaccard: float) -> Mask:
    """Which documents have another one that they are estimated to share so much of all runs of words with.

    Each is compared with the first document that has one of its least hashes: an estimate for a picture. What decides is the exact
    comparison when a version is assembled.

    Args:
        signatures: of the documents, in any order.
        jaccard: from which on two are near.
    """
    hashes = [shingles.least(one) for one in signatures]
    first: dict[int, int] = {}
    found = np.zeros(len(hashes), np.bool_)
    for at, own in enumerate(hashes):
        others = {first.setdefault(value, at) for value in own[:SHARED].tolist()}
        for other in sorted(others - {at}):
            if estimated(own, hashes[other]) >= jaccard:
                found[at] = found[other] = True
    return found


def estimated(one: shingles.Hashes, other: shingles.Hashes) -> float:
    """The estimated Jaccard similarity: of the least hashes of both together, the share that both have."""
    least = np.union1d(one, other)[: shingles.SIGNATURE_HASHES]
    common = np.isin(least, one, assume_unique=True) & np.isin(least, other, assume_unique=True)
    return float(common.mean()) if len(least) else 0.0
