"""The gate: each rule holds a version back for what it is there for, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.release import gate
from jobs.release.facts import Facts
from jobs.release.personal_data import Personal
from lakehouse.declaration.dataset_release import DatasetGate, LeastRows

GOOD = Facts(rows={"train": 8, "validation": 1, "test": 1}, licences={"MIT": 10})


def held(declared: DatasetGate | None = None, **changed: Any) -> list[str]:
    found = gate.findings(declared or DatasetGate(), replace(GOOD, **changed))
    return [one.rule for one in found if one.held]


def test_a_good_version_is_not_held() -> None:
    assert held() == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"leaks": 1, "first_leaks": ("near: a in train and b in test",)}, "leaks"),
        ({"trained_before": 1, "first_trained": ("a",)}, "ever in training"),
        ({"open_calls": 2, "first_open": ("a, cold", "b, cold")}, "open calls"),
        ({"unanswered": 1, "first_unanswered": ("12ab",)}, "unanswered calls"),
        ({"personal": Personal({"email": 2}, 1, ("e1",))}, "personal data"),
        ({"prompts": {"prompt.md": False}}, "prompts"),
    ],
)
def test_what_no_version_may_have_holds_it(changed: dict[str, Any], rule: str) -> None:
    assert held(**changed) == [rule]
    (reason,) = gate.reasons(gate.findings(DatasetGate(), replace(GOOD, **changed)))
    assert reason.startswith(f"{rule}: found ") and "expected " in reason


def test_a_reason_names_what_it_found() -> None:
    personal = Personal({"email": 2, "phone": 1}, 2, ("e1", "e2"))
    (reason,) = gate.reasons(gate.findings(DatasetGate(), replace(GOOD, personal=personal)))
    assert "2 email, 1 phone in 2 texts, such as of the examples e1, e2" in reason


def test_kept_personal_data_is_told_and_holds_nothing() -> None:
    facts = replace(GOOD, personal=Personal({"email": 2}, 1, ("e1",)), keeps_personal=True)
    found = gate.findings(DatasetGate(), facts)
    assert gate.reasons(found) == ()
    assert any("2 email" in one.found for one in found if one.rule == "personal data")


@settings(max_examples=40)
@given(
    st.dictionaries(st.none() | st.sampled_from(["MIT", "CC0", "GPL", "mit"]), st.integers(1, 5), min_size=1),
    st.sets(st.sampled_from(["MIT", "CC0"])),
)
def test_only_licences_that_are_named_pass(licences: dict[str | None, int], allowed: set[str]) -> None:
    found = held(DatasetGate(licences=tuple(sorted(allowed))), licences=licences)
    assert ("licences" in found) == (bool(allowed) and any(name not in allowed for name in licences))


@settings(max_examples=40)
@given(
    st.fixed_dictionaries({split: st.integers(0, 5) for split in ("train", "validation", "test")}),
    st.fixed_dictionaries({split: st.integers(0, 5) for split in ("train", "validation", "test")}),
)
def test_each_split_has_its_least_rows(rows: dict[str, int], least: dict[str, int]) -> None:
    found = held(DatasetGate(rows=LeastRows(**least)), rows={split: count for split, count in rows.items() if count})
    expected = [f"{split} rows" for split in least if rows[split] < least[split]]
    assert sorted(found) == sorted([*expected, *(["examples"] if not any(rows.values()) else [])])


@settings(max_examples=40)
@given(st.integers(1, 200), st.data(), st.floats(0, 1))
def test_a_version_may_lose_so_much_of_the_last_one_and_no_more(before: int, data: st.DataObject, most: float) -> None:
    lost = data.draw(st.integers(0, before))
    found = held(DatasetGate(most_change=most), previous=1, previous_examples=before, lost_examples=lost)
    assert found == (["change"] if lost / before > most else [])


def test_the_first_version_changes_nothing() -> None:
    assert held(DatasetGate(most_change=0)) == []
