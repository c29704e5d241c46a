"""What ties documents together: nearly the same texts, and declared groups. Pure; documents, texts and groups are numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lakehouse.corpus import near
from lakehouse.corpus.near import NearPairs

# Sides of the split as bits, in the order of `SPLITS`.
TRAIN, VALIDATION, TEST = 1, 2, 4


@dataclass(frozen=True)
class Ties:
    """What ties documents to each other and to what earlier versions had.

    Attributes:
        texts: by document its text: documents with equal words have one.
        groups: by document its declared groups.
        pairs: of near texts.
        text_sides: by text the sides on which earlier versions had it, as bits.
        group_sides: by declared group the same.
    """

    texts: Sequence[int]
    groups: Sequence[Sequence[int]]
    pairs: NearPairs
    text_sides: Sequence[int]
    group_sides: Sequence[int]
    near_texts: list[list[int]] = field(init=False)
    families: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Look up pairs from both ends."""
        found: list[list[int]] = [[] for _ in self.text_sides]
        for left, right in zip(self.pairs.left.tolist(), self.pairs.right.tolist(), strict=True):
            found[left].append(right)
            found[right].append(left)
        object.__setattr__(self, "near_texts", found)
        object.__setattr__(self, "families", self.pairs.family.tolist())

    def clusters(self, documents: Sequence[int]) -> NDArray[np.int64]:
        """For each of these documents the least one among them that it hangs together with, by ties among them alone."""
        texts = len(self.text_sides)
        ids = np.asarray(documents, np.int64)
        own = np.asarray(self.texts, np.int64)[ids]
        present = np.zeros(texts, bool)
        present[own] = True
        left, right = [own], [texts + np.arange(len(ids))]
        both = present[self.pairs.left] & present[self.pairs.right]
        left.append(self.pairs.left[both])
        right.append(self.pairs.right[both])
        families = np.asarray(self.families, np.int64)
        members = np.flatnonzero(present & (families >= 0))
        first = texts + len(ids)
        left.append(members)
        right.append(first + families[members])
        first += int(families.max(initial=-1)) + 1
        tied = [(at, group) for at, document in enumerate(documents) for group in self.groups[document]]
        left.append(np.array([texts + at for at, _ in tied], np.int64))
        right.append(np.array([first + group for _, group in tied], np.int64))
        labels = near.components(first + len(self.group_sides), np.concatenate(left), np.concatenate(right))[texts:]
        labels = labels[: len(ids)]
        least = np.full(int(labels.max(initial=-1)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(least, labels, ids)
        return least[labels]


class Sides:
    """Which sides stand around a document: those of earlier versions, and those of documents that were put there since."""

    def __init__(self, ties: Ties) -> None:
        self._ties = ties
        # By text what is in it or near it; by group and family what is in it.
        self._text, self._earlier_text = [0] * len(ties.text_sides), list(ties.text_sides)
        self._own = [0] * len(ties.text_sides)
        for text, bits in enumerate(ties.text_sides):
            if bits:
                for other in ties.near_texts[text]:
                    self._earlier_text[other] |= bits
        families = max(ties.families, default=-1) + 1
        self._family, self._earlier_family = [0] * families, [0] * families
        for text, family in enumerate(ties.families):
            if family >= 0:
                self._earlier_family[family] |= ties.text_sides[text]
        self._group = [0] * len(ties.group_sides)

    def earlier(self, document: int) -> int:
        """Where earlier versions had texts that are near, and documents of its groups."""
        bits, family = self._earlier_text[text := self._ties.texts[document]], self._ties.families[text]
        if family >= 0:
            bits |= self._earlier_family[family]
        for group in self._ties.groups[document]:
            bits |= self._ties.group_sides[group]
        return bits

    def now(self, document: int) -> int:
        """Where documents of this version are that it is tied to."""
        bits, family = self._text[text := self._ties.texts[document]], self._ties.families[text]
        if family >= 0:
            bits |= self._family[family]
        for group in self._ties.groups[document]:
            bits |= self._group[group]
        return bits

    def put(self, document: int, side: int) -> Touched:
        """Put a document on a side. What is tied to it and did not know that side yet comes back."""
        text, touched = self._ties.texts[document], Touched()
        if not self._own[text] & side:
            self._own[text] |= side
            for other in (text, *self._ties.near_texts[text]):
                if not self._text[other] & side:
                    self._text[other] |= side
                    touched.texts.append(other)
            family = self._ties.families[text]
            if family >= 0 and not self._family[family] & side:
                self._family[family] |= side
                touched.families.append(family)
        for group in self._ties.groups[document]:
            if not self._group[group] & side:
                self._group[group] |= side
                touched.groups.append(group)
        return touched


@dataclass
class Touched:
    """Texts, families and groups around which a side is new."""

    texts: list[int] = field(default_factory=list)
    families: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)


class Members:
    """The documents of each text, family and group."""

    def __init__(self, ties: Ties, documents: Iterable[int]) -> None:
        self._texts, self._families, self._groups = (
            dict[int, list[int]](),
            dict[int, list[int]](),
            dict[int, list[int]](),
        )
        for document in documents:
            text = ties.texts[document]
            self._texts.setdefault(text, []).append(document)
            if ties.families[text] >= 0:
                self._families.setdefault(ties.families[text], []).append(document)
            for group in ties.groups[document]:
                self._groups.setdefault(group, []).append(document)

    def of(self, touched: Touched) -> Iterable[int]:
        """The documents of what was touched."""
        for found, numbers in (
            (self._texts, touched.texts),
            (self._families, touched.families),
            (self._groups, touched.groups),
        ):
            for number in numbers:
                yield from found.get(number, ())
