"""From texts to what ties their documents: near pairs among present and earlier texts, and declared groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from jobs.assemble import earlier
from jobs.assemble.earlier import Earlier
from jobs.assemble.material import Material
from jobs.assemble.ties import Ties
from lakehouse.corpus import near, text_runs
from lakehouse.corpus.run_sets import RunSets

# A document's id, and the digest of one of its texts.
Name = tuple[str, str]


def ties(material: Material, before: Earlier) -> tuple[Ties, list[list[str]]]:
    """What ties the documents of the material; and by document the names of its declared groups."""
    named = list(zip(material.names, material.documents["content_digest"].to_pylist(), strict=True))
    limits = material.dataset.near
    sets, numbers = _sets(material, before, named)
    place = _in_order(len(sets), numbers)
    text_sides = np.zeros(len(sets), np.int64)
    for name, side in before.texts.items():
        if name in numbers:
            text_sides[place[numbers[name]]] |= side
    pairs = near.find(sets, limits, text_sides, place=place)
    together, number = [json.loads(one) for one in material.documents["together"].to_pylist()], dict[str, int]()
    groups = [[number.setdefault(group, len(number)) for group in own] for own in together]
    group_sides = [0] * len(number)
    for listed, side in earlier.groups(material.dataset, before):
        for group in json.loads(listed):
            if group in number:
                group_sides[number[group]] |= side
    texts = [int(place[numbers[name]]) for name in named]
    return Ties(texts, groups, pairs, text_sides.tolist(), group_sides), together


def _sets(material: Material, before: Earlier, named: Sequence[Name]) -> tuple[RunSets, dict[Name, int]]:
    """The runs of all texts, present and earlier, and which set each text has."""
    owners: list[list[Name]] = []
    present = set(named)

    def parts() -> Iterator[list[str]]:
        for places, batch in material.batches(("text",), [True] * len(named)):
            owners.append([named[at] for at in places])
            yield batch["text"].to_pylist()
        gone = [name for name in before.texts if name not in present]
        for names, texts in earlier.texts(material.dataset, before.version, gone):
            owners.append(names)
            yield texts

    sets, numbers = RunSets(), dict[Name, int]()
    for at, found in enumerate(text_runs.of_many(parts(), material.dataset.near.ngram)):
        numbers.update(zip(owners[at], sets.add(found.runs, found.lengths, found.digests), strict=True))
    return sets, numbers


def _in_order(count: int, numbers: dict[Name, int]) -> np.ndarray:
    """By set its number in the order of the least document that has it: tables have no order."""
    least: dict[int, Name] = {}
    for name in sorted(numbers):
        least.setdefault(numbers[name], name)
    place = np.empty(count, np.int64)
    place[sorted(range(count), key=least.__getitem__)] = np.arange(count)
    return place
