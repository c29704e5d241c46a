from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import processes
from lakehouse.corpus import near, text_runs
from lakehouse.corpus.near import NearPairs
from lakehouse.corpus.run_sets import RunSets
from lakehouse.declaration.dataset_documents import Near
from tests.jobs import notes
from tests.lakehouse.corpus import edited

Found = dict[tuple[int, int], tuple[float, float]]
LIMITS = st.builds(
    Near,
    ngram=st.integers(1, 6),
    jaccard=st.sampled_from((0.3, 0.5, 0.7, 1)),
    containment=st.sampled_from((0.3, 0.6, 0.8, 1)),
)


def taken(texts: Sequence[str], ngram: int) -> tuple[RunSets, list[int]]:
    """The sets of these texts, and which one each has; some texts at a time."""
    sets, numbers = RunSets(), list[int]()
    for at in range(0, len(texts), 7):
        found = text_runs.of_texts(texts[at : at + 7], ngram)
        numbers += sets.add(found.runs, found.lengths, found.digests)
    return sets, numbers


def by_text(numbers: Sequence[int], found: NearPairs) -> Found:
    """The near pairs of texts, those of equal ones among them."""
    listed = zip(found.left.tolist(), found.right.tolist(), strict=True)
    near_sets = dict(zip(listed, zip(found.jaccard.tolist(), found.containment.tolist(), strict=True), strict=True))
    pairs: Found = {}
    for one, left in enumerate(numbers):
        for other in range(one + 1, len(numbers)):
            right = numbers[other]
            by = (1.0, 1.0) if left == right else near_sets.get((min(left, right), max(left, right)))
            if by is not None:
                pairs[one, other] = by
    return pairs


def of(texts: Sequence[str], limits: Near) -> Found:
    sets, numbers = taken(texts, limits.ngram)
    return by_text(numbers, near.find(sets, limits, many=len(texts)))


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 40), LIMITS)
def test_exactly_the_pairs_that_comparing_each_with_each_finds_are_found(seed: int, size: int, limits: Near) -> None:
    texts = edited.corpus(seed, size)
    assert of(texts, limits) == edited.pairs(texts, limits)


@settings(max_examples=30)
@given(st.integers(0, 10**6), LIMITS, st.integers(0, 3), st.data())
def test_families_and_pairs_tie_what_near_pairs_tie(seed: int, limits: Near, many: int, data: st.DataObject) -> None:
    texts = edited.corpus(seed, 40)
    expected = edited.pairs(texts, limits)
    sets, numbers = taken(texts, limits.ngram)
    sides = np.array([data.draw(st.sampled_from((0, 1, 4))) for _ in range(len(sets))])
    found = near.find(sets, limits, sides, many)
    listed = by_text(numbers, found)
    assert listed.items() <= {pair: pytest.approx(by) for pair, by in expected.items()}.items() or set(listed) <= set(
        expected
    )
    for one, other in expected.keys() - listed.keys():
        family = found.family[numbers[one]]
        assert family == found.family[numbers[other]] >= 0, "a pair that is not listed is of one family"
    for family in set(found.family.tolist()) - {-1}:
        members = np.flatnonzero(found.family == family)
        assert len(set(near.components(len(sets), found.left, found.right)[members].tolist())) == 1
        assert np.bitwise_or.reduce(sides[members]) in (0, 1, 4), "no family is in several splits"


def test_a_short_text_in_a_long_one_is_found() -> None:
    short = notes.text(1, 4)
    found = of([short, f"{notes.text(2, 80)} {short} {notes.text(3, 80)}", notes.text(4, 80)], Near())
    assert set(found) == {(0, 1)}
    assert found[0, 1][0] < 0.05 < 0.9 < found[0, 1][1]


def test_a_text_that_stands_in_every_document_makes_no_pairs() -> None:
    common = notes.text(7, 20)
    texts = [f"{common} {notes.text(at, 12)}" for at in range(100, 700)]
    near_one = texts[5].replace("nobody", "somebody", 1)
    assert set(of([*texts, near_one], Near())) == {(5, 600)}


def test_many_texts_that_are_nearly_the_same_are_one_family() -> None:
    common = notes.text(7, 40)
    sets, _ = taken([f"{common} {notes.text(at, 1)}" for at in range(100, 1100)], 5)
    found = near.find(sets, Near())
    labels = near.components(len(sets), found.left, found.right)
    assert set(labels.tolist()) == {0}
    assert len(found.left) < 100_000, "not every one of half a million pairs is listed"
    assert set(found.family.tolist()) != {-1}


def test_what_lsh_finds_is_found_and_more() -> None:
    texts = edited.corpus(11, 120)
    limits = Near(jaccard=0.5, containment=1)
    lsh, hashes = MinHashLSH(threshold=0.5, num_perm=128), dict[int, MinHash]()
    for at, text in enumerate(texts):
        hashes[at] = MinHash(num_perm=128)
        hashes[at].update_batch([" ".join(run).encode() for run in edited.runs(text, limits.ngram)])
        lsh.insert(at, hashes[at])
    exact = edited.pairs(texts, limits)
    candidates = {(one, other) for one in hashes for other in lsh.query(hashes[one]) if one < other}
    found = of(texts, limits)
    assert candidates & exact.keys() <= found.keys() == exact.keys()
    assert len(exact) > 50


@pytest.mark.process
def test_many_texts_are_cut_by_several_processes_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = edited.corpus(3, 60)
    parts = [texts[at : at + 7] for at in range(0, 60, 7)]
    alone = [found.digests for found in text_runs.of_many(parts, 5)]
    monkeypatch.setattr(processes.mapped, "__defaults__", (20,))
    assert [found.digests for found in text_runs.of_many(parts, 5)] == alone
