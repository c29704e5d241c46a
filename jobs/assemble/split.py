"""Which side of the split each document of a version is on, and which are left out so that nothing leaks. Pure.

A document that was in a version stays on its side, or is left out. What earlier versions had is taken as it was: a text that was
near what was trained on never is in validation or test again. So documents are put in one after the other, those first whose
place is the surest, and one that something on another side stands around is left out:

1. documents with the very text of an earlier version, training first: what was trained on can't be unlearned;
2. documents that were in a version with another text, test first, then validation: what is held out keeps, training loses;
3. new documents: each follows what it is tied to, step by step; one between two sides is left out;
4. new documents that nothing stands around: a cluster goes where the draw from salt and its least id puts it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.assemble.ties import TEST, TRAIN, VALIDATION, Members, Sides, Ties
from lakehouse.declaration.dataset_split import SPLITS, DatasetSplit, Shares

BITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
NAMES = {bit: name for name, bit in BITS.items()}
# Which sides a text of an earlier version must not be near to, by its own.
_BARRED = {TRAIN: 0, VALIDATION: TRAIN | TEST, TEST: TRAIN}
_OF_EARLIER_TEXTS, _OF_OTHER_TEXTS = (TRAIN, TEST, VALIDATION), (TEST, VALIDATION, TRAIN)


@dataclass(frozen=True)
class Document:
    """A document to be put on a side.

    Attributes:
        name: its id.
        characters: of its text.
        side: where it was in earlier versions; 0: nowhere.
        seen: whether an earlier version had it with this very text.
    """

    name: str
    characters: int
    side: int = 0
    seen: bool = False


@dataclass(frozen=True)
class Placed:
    """What became of a document.

    Attributes:
        side: where it is; 0: it is left out.
        cluster: the least id of the documents that it hangs together with; its own where it is left out for a leak.
        reason: why it is left out; None where it is not.
    """

    side: int
    cluster: str
    reason: str | None = None


def place(documents: Sequence[Document], ties: Ties, split: DatasetSplit, keep_one: bool) -> list[Placed]:
    """Where each document is.

    Args:
        documents: in the order of their ids.
        ties: among them, by their places in that order.
        split: shares and salt.
        keep_one: whether one document of a cluster is kept.
    """
    found = _Placing(documents, ties, split)
    sides, reasons = found.sides, found.reasons
    kept = [at for at, side in enumerate(sides) if side]
    cluster = dict(zip(kept, ties.clusters(kept).tolist(), strict=True))
    if keep_one:
        best: dict[int, int] = {}
        for at in kept:
            other = best.setdefault(cluster[at], at)
            if _rank(documents[at]) < _rank(documents[other]):
                best[cluster[at]] = at
        for at in kept:
            if (other := best[cluster[at]]) != at:
                sides[at], reasons[at] = 0, f"near.keep: one, and {documents[other].name} of its cluster is kept"
    return [
        Placed(side, documents[cluster.get(at, at)].name, reason)
        for at, (side, reason) in enumerate(zip(sides, reasons, strict=True))
    ]


def draw(salt: str, cluster: str, shares: Shares) -> int:
    """The side of a new cluster: a number from 0 to 1, made of salt and id, falls into one of the shares."""
    digest = hashlib.sha256(f"{salt}\n{cluster}".encode("utf-8", "surrogatepass")).digest()
    drawn, until = int.from_bytes(digest[:8], "big") / 2**64, 0.0
    possible = [(name, getattr(shares, name)) for name in SPLITS if getattr(shares, name) > 0]
    for name, share in possible:
        until += share
        if drawn < until:
            return BITS[name]
    return BITS[possible[-1][0]]


def words(bits: int) -> str:
    """Sides for people."""
    return " and ".join(name for name in SPLITS if bits & BITS[name])


def _rank(document: Document) -> tuple[bool, int, str]:
    """In which order documents of a cluster are kept: the one that was in a version, then the longest, then the least id."""
    return document.side == 0, -document.characters, document.name


class _Placing:
    def __init__(self, documents: Sequence[Document], ties: Ties, split: DatasetSplit) -> None:
        self._documents, self._ties, self._around = documents, ties, Sides(ties)
        self.sides, self.reasons = [0] * len(documents), list[str | None]([None] * len(documents))
        new = [at for at, document in enumerate(documents) if not document.side]
        self._members = Members(ties, new)
        for seen, order in ((True, _OF_EARLIER_TEXTS), (False, _OF_OTHER_TEXTS)):
            for side in order:
                for at, document in enumerate(documents):
                    if document.side == side and document.seen == seen:
                        self._stay(at)
        self._follow(new)
        free = [at for at in new if not self.sides[at] and self.reasons[at] is None]
        for at, cluster in zip(free, self._ties.clusters(free).tolist(), strict=True):
            self._put(at, draw(split.salt, documents[cluster].name, split.shares))

    def _put(self, at: int, side: int) -> list[int]:
        """Put a document on a side. The new ones that are tied to it come back."""
        self.sides[at] = side
        return list(self._members.of(self._around.put(at, side)))

    def _stay(self, at: int) -> None:
        """Put a document where it was, unless something on another side stands around it."""
        document = self._documents[at]
        earlier = self._around.earlier(at) & (_BARRED[document.side] if document.seen else ~document.side)
        if barred := earlier | (self._around.now(at) & ~document.side):
            self.reasons[at] = f"it was in {words(document.side)}, and is tied to what is or was in {words(barred)}"
        else:
            self._put(at, document.side)

    def _follow(self, new: Sequence[int]) -> None:
        """Put new documents where what they are tied to is, and what is tied to them in the next step."""
        waiting = set(new)
        asked = [at for at in new if self._around.earlier(at) | self._around.now(at)]
        while asked:
            touched = set[int]()
            for at in asked:
                bits = self._around.earlier(at) | self._around.now(at)
                waiting.discard(at)
                if bits in NAMES:
                    touched.update(self._put(at, bits))
                else:
                    self.reasons[at] = f"it is new, and tied to what is or was in {words(bits)}"
            asked = sorted(touched & waiting)
