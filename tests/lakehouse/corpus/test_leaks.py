from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import processes
from lakehouse.corpus import audited_words, counted_runs, leaks, shingles
from lakehouse.corpus.leaks import Leak
from lakehouse.declaration.dataset_documents import Near
from lakehouse.declaration.dataset_split import SPLITS
from tests.jobs import notes
from tests.lakehouse.corpus import edited

Example = tuple[str, str, str, str]
LIMITS = st.builds(
    Near,
    ngram=st.integers(1, 6),
    jaccard=st.sampled_from((0.3, 0.5, 0.7, 1)),
    containment=st.sampled_from((0.3, 0.6, 0.8, 1)),
)
SIGNS = st.text("ab cdE. ,1é\u0301\u4e2d\u6587\u0e01\u0e31\u00ad\u200b\U0001f600_", max_size=30)


def batches(examples: Sequence[Example], rows: int = 7) -> Iterator[pa.RecordBatch]:
    names = ("split", "document_id", "text", "summary")
    for at in range(0, len(examples), rows):
        yield pa.RecordBatch.from_pylist([dict(zip(names, one, strict=True)) for one in examples[at : at + rows]])


def between(found: Iterable[Leak], *kinds: str) -> set[tuple[str, str]]:
    return {(min(one.left, one.right), max(one.left, one.right)) for one in found if one.kind in kinds}


def drawn(seed: int, size: int) -> list[Example]:
    """Documents of any split, most of them in two examples, without a thought of what is near."""
    dice = random.Random(seed)
    made = list[Example]()
    for at, text in enumerate(edited.corpus(seed, size)):
        split = dice.choice(SPLITS)
        made += [(split, f"d{at:03}", text, f"answer {at} {one}") for one in range(dice.randint(1, 2))]
    return dice.sample(made, len(made))


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 40), LIMITS)
def test_exactly_the_near_pairs_across_splits_are_found(seed: int, size: int, limits: Near) -> None:
    examples = drawn(seed, size)
    split = {name: where for where, name, _, _ in examples}
    texts = edited.corpus(seed, size)
    expected = {
        (f"d{one:03}", f"d{other:03}"): by
        for (one, other), by in edited.pairs(texts, limits).items()
        if split[f"d{one:03}"] != split[f"d{other:03}"]
    }
    found = leaks.find(batches(examples), limits)
    near = between(found, leaks.NEAR_TEXTS)
    assert near <= expected.keys()
    # Of many texts that have equal words each is told with the first of another side.
    for one, other in expected.keys() - near:
        assert audited_words.words(texts[int(one[1:])]) == audited_words.words(texts[int(other[1:])])
        equal = between(found, leaks.EQUAL_TEXTS)
        assert any(one in pair for pair in equal)
        assert any(other in pair for pair in equal)
    for leak in found:
        assert (split[leak.left], split[leak.right]) == (leak.left_split, leak.right_split)
        assert SPLITS.index(leak.left_split) < SPLITS.index(leak.right_split)
        if leak.kind == leaks.NEAR_TEXTS:
            low, high = sorted((leak.left, leak.right))
            assert (leak.jaccard, leak.containment) == expected[low, high]


@given(SIGNS, SIGNS, st.integers(1, 4))
def test_words_are_those_that_the_split_knows(one: str, other: str, ngram: int) -> None:
    read = audited_words.read(audited_words.Part([one, other], []), ngram)
    left, right = read.runs[: read.lengths[0]], read.runs[read.lengths[0] :]
    hashed = shingles.hashes(one, ngram), shingles.hashes(other, ngram)
    assert (len(left), len(right)) == (len(hashed[0]), len(hashed[1]))
    assert len(set(left.tolist()) & set(right.tolist())) == len(set(hashed[0].tolist()) & set(hashed[1].tolist()))


def test_equal_answers_and_texts_are_found_however_they_are_written() -> None:
    a, b = notes.text(1), notes.text(2)
    examples = [
        ("train", "a", a, "The same answer."),
        ("train", "b", b, "Another."),
        ("test", "c", notes.text(3), "THE same, answer"),
        ("validation", "d", a.upper(), "One."),
        ("test", "d", a, "Two."),
    ]
    assert leaks.find(batches(examples), Near()) == [
        Leak(leaks.EQUAL_ANSWERS, "a", "train", "c", "test", None, None),
        Leak(leaks.EQUAL_TEXTS, "a", "train", "d", "test", 1.0, 1.0),
        Leak(leaks.EQUAL_TEXTS, "a", "train", "d", "validation", 1.0, 1.0),
        Leak(leaks.EQUAL_TEXTS, "d", "validation", "d", "test", 1.0, 1.0),
    ]


def test_what_is_alike_on_one_side_is_no_leak() -> None:
    text = notes.text(1)
    assert leaks.find(batches([("train", "a", text, "x"), ("train", "b", f"{text} more", "x")]), Near()) == []
    assert leaks.find(iter(()), Near()) == []


def test_a_short_text_in_a_long_one_of_another_side_is_found() -> None:
    short = notes.text(1, 4)
    long = f"{notes.text(2, 80)} {short} {notes.text(3, 80)}"
    (found,) = leaks.find(batches([("train", "long", long, "x"), ("test", "short", short, "y")]), Near())
    assert (found.kind, found.left, found.right) == (leaks.NEAR_TEXTS, "long", "short")
    assert found.jaccard is not None
    assert found.jaccard < 0.05


def test_parts_of_any_size_and_other_processes_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = drawn(5, 60)
    expected = leaks.find(batches(examples), Near(jaccard=0.3, containment=0.3))
    monkeypatch.setattr(counted_runs, "RUNS_TOGETHER", 50)
    monkeypatch.setattr(counted_runs, "COUNTS_TOGETHER", 50)
    assert leaks.find(batches(examples, 3), Near(jaccard=0.3, containment=0.3)) == expected
    assert len(expected) > 20


@pytest.mark.process
def test_other_processes_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = drawn(5, 60)
    expected = leaks.find(batches(examples), Near())
    monkeypatch.setattr(processes.mapped, "__defaults__", (20,))
    assert leaks.find(batches(examples), Near()) == expected
