"""Versions of drawn corpora that are corrected, joined, deleted from and declared anew: an auditor of plain sets finds no leak."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.assemble import equal_answers, split
from jobs.assemble.split import BITS, Document, Placed
from jobs.assemble.ties import Ties
from lakehouse.corpus import near, text_runs
from lakehouse.corpus.run_sets import RunSets
from lakehouse.declaration.dataset_documents import Near
from lakehouse.declaration.dataset_split import DatasetSplit, Shares
from tests.jobs import notes
from tests.lakehouse.corpus import edited

SPLIT = DatasetSplit(shares=Shares(train=0.5, validation=0.25, test=0.25), salt="s")
TRAIN = BITS["train"]
Text = tuple[str, str]


@dataclass
class World:
    """The documents as they are, and every version that was made: which document had which text on which side."""

    limits: Near
    texts: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict)
    versions: list[dict[Text, int]] = field(default_factory=list)

    @property
    def sides(self) -> dict[str, int]:
        return {name: side for version in self.versions for (name, _), side in version.items()}

    def version(self, keep_one: bool = False, many: int = near.MANY) -> list[Placed]:
        """Make the next version, as the stage does."""
        before = {text: side for version in self.versions for text, side in version.items()}
        names = sorted(self.texts)
        now = [(name, self.texts[name]) for name in names]
        every = sorted({*now, *before})
        sets = RunSets()
        found = text_runs.of_texts([text for _, text in every], self.limits.ngram)
        number = dict(zip(every, sets.add(found.runs, found.lengths, found.digests), strict=True))
        sides = np.zeros(len(sets), np.int64)
        group_sides = [0] * 5
        for text, side in before.items():
            sides[number[text]] |= side
            for group in self.groups[text[0]]:
                group_sides[group] |= side
        pairs = near.find(sets, self.limits, sides, many)
        ties = Ties(
            [number[one] for one in now], [self.groups[name] for name in names], pairs, sides.tolist(), group_sides
        )
        was = self.sides
        documents = [Document(name, len(text), was.get(name, 0), (name, text) in before) for name, text in now]
        placed = split.place(documents, ties, SPLIT, keep_one)
        self.versions.append({one: where.side for one, where in zip(now, placed, strict=True) if where.side})
        return placed

    def leaks(self, left: dict[Text, int], right: dict[Text, int]) -> Iterator[tuple[Text, Text]]:
        """The pairs of texts on different sides that are near by plain sets, or of documents with a group in common."""
        for one, side in left.items():
            for other, where in right.items():
                if side != where and (
                    self._alike(one[1], other[1]) or set(self.groups[one[0]]) & set(self.groups[other[0]])
                ):
                    yield one, other

    def _alike(self, one: str, other: str) -> bool:
        jaccard, containment = edited.alike(edited.runs(one, self.limits.ngram), edited.runs(other, self.limits.ngram))
        return jaccard >= self.limits.jaccard or containment >= self.limits.containment


def change(world: World, dice: random.Random, together: bool) -> None:
    """New documents, corrected ones, deleted ones, and some that join two others."""
    pool = [text for version in world.versions for _, text in version] + edited.corpus(dice.randrange(10**6), 8)
    for _ in range(dice.randint(1, 8)):
        match dice.randrange(5):
            case 0 if world.texts:
                world.texts.pop(dice.choice(sorted(world.texts)))
            case 1 if world.texts:
                world.texts[dice.choice(sorted(world.texts))] = dice.choice(pool)
            case 2:
                joined = " ".join(dice.choice(pool) for _ in range(2))
                add(world, dice, joined, together)
            case _:
                add(world, dice, edited.edit(dice, dice.choice(pool), pool), together)


def add(world: World, dice: random.Random, text: str, together: bool) -> None:
    name = f"d{dice.randrange(10**6):06}"
    world.texts[name] = text
    world.groups[name] = tuple(dice.sample(range(5), dice.choice((0, 0, 1, 2)))) if together else ()


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.sampled_from((0, 2, near.MANY)))
def test_no_version_leaks_into_itself_or_another(seed: int, together: bool, keep_one: bool, many: int) -> None:
    dice = random.Random(seed)
    world = World(Near())
    for _ in range(4):
        change(world, dice, together)
        if world.texts:
            world.version(keep_one, many)
    for at, version in enumerate(world.versions):
        assert not list(world.leaks(version, version))
        for later in world.versions[at + 1 :]:
            assert not list(world.leaks(version, later))
            assert all(version[text] == later[text] for text in version.keys() & later.keys())
    # Nothing is ever on another side.
    seen = dict[str, int]()
    for version in world.versions:
        for (name, _), side in version.items():
            assert seen.setdefault(name, side) == side


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from((0.3, 0.5, 1.0)), st.sampled_from((0.3, 0.6, 1.0)))
def test_limits_that_are_changed_leak_nothing_of_training_into_later_tests(
    seed: int, together: bool, jaccard: float, containment: float
) -> None:
    dice = random.Random(seed)
    world = World(Near(jaccard=1, containment=1))
    change(world, dice, together)
    world.texts["d"], world.groups["d"] = notes.text(3), ()
    world.version()
    world.limits = Near(jaccard=jaccard, containment=containment)
    change(world, dice, together)
    world.texts["e"], world.groups["e"] = notes.text(4), ()
    world.version()
    first, second = world.versions
    assert not list(world.leaks(second, second))
    trained = {text: side for text, side in first.items() if side == TRAIN}
    assert not list(world.leaks(trained, second))
    for text in first.keys() & second.keys():
        assert first[text] == second[text]


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_what_is_placed_again_is_placed_the_same_and_in_whole_clusters(
    seed: int, together: bool, keep_one: bool
) -> None:
    dice = random.Random(seed)
    world = World(Near())
    change(world, dice, together)
    add(world, dice, notes.text(5), together)
    placed = world.version(keep_one)
    names = sorted(world.texts)
    sides: dict[str, set[int]] = {}
    for name, one in zip(names, placed, strict=True):
        assert (one.side == 0) == (one.reason is not None)
        assert one.cluster <= name
        if one.side:
            sides.setdefault(one.cluster, set()).add(one.side)
    assert all(len(found) == 1 for found in sides.values())
    assert not keep_one or len(sides) == sum(one.side > 0 for one in placed)
    # In a first version nothing is left out but what keep: one leaves out.
    assert keep_one or all(one.side for one in placed)
    assert [(one.side, one.cluster) for one in world.version(keep_one) if one.side] == [
        (one.side, one.cluster) for one in placed if one.side
    ]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from((1, 2, 4))), max_size=20), st.data())
def test_no_answer_is_on_two_sides_or_in_a_test_after_training(
    answers: list[tuple[int, int]], data: st.DataObject
) -> None:
    earlier = data.draw(st.dictionaries(st.integers(0, 5), st.sampled_from((1, 2, 4, 3, 5))))
    reasons = equal_answers.left_out([one for one, _ in answers], [side for _, side in answers], earlier)
    kept = [pair for pair, reason in zip(answers, reasons, strict=True) if reason is None]
    for (one, side), (other, where) in combinations(kept, 2):
        assert one != other or side == where
    for one, side in kept:
        assert side == TRAIN or not earlier.get(one, 0) & TRAIN
        assert side != TRAIN or earlier.get(one, 0) & TRAIN or not earlier.get(one, 0)
    for one, side in answers:
        if not any(other == one and where != side for other, where in answers) and not earlier.get(one):
            assert (one, side) in kept, "an answer on one side alone stays"


def cases() -> Sequence[tuple[str, int]]:
    return [("train", 800), ("validation", 100), ("test", 100)]


def test_the_draw_comes_near_the_shares_with_many_clusters() -> None:
    drawn = [split.draw("salt", f"cluster {at}", Shares()) for at in range(1000)]
    for name, expected in cases():
        assert abs(drawn.count(BITS[name]) - expected) < 60


@given(st.text(max_size=10), st.text(min_size=1, max_size=10))
def test_a_split_without_a_share_gets_nothing(salt: str, cluster: str) -> None:
    shares = Shares(train=0.7, validation=0, test=0.3)
    assert split.draw(salt, cluster, shares) in (BITS["train"], BITS["test"])
    assert split.draw(salt, cluster, Shares(train=1, validation=0, test=0)) == TRAIN
