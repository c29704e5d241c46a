"""The gate of a version: a pure function of what was found and the declared limits, which returns every finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jobs.release.facts import Facts
from jobs.release.personal_data import shares
from lakehouse.declaration.dataset_release import DatasetGate
from lakehouse.declaration.dataset_split import SPLITS


@dataclass(frozen=True)
class Finding:
    """What one rule found, what it expects, and whether it holds the version back.

    Attributes:
        rule: its name.
        found: in words.
        expected: in words.
        held: whether the version may not be published for it.
    """

    rule: str
    found: str
    expected: str
    held: bool

    @property
    def message(self) -> str:
        """As a sentence."""
        return f"{self.rule}: found {self.found}, expected {self.expected}"

    @property
    def as_json(self) -> dict[str, str | bool]:
        """For the log and the manifest."""
        return {"rule": self.rule, "found": self.found, "expected": self.expected, "held": self.held}


def findings(gate: DatasetGate, facts: Facts) -> tuple[Finding, ...]:
    """What every rule finds, in a fixed order; the version may be published when none is ``held``."""
    return tuple(_all(gate, facts))


def reasons(found: tuple[Finding, ...]) -> tuple[str, ...]:
    """Why the version is held; empty: it is not."""
    return tuple(one.message for one in found if one.held)


def _all(gate: DatasetGate, facts: Facts) -> Iterator[Finding]:
    yield _none(
        "leaks", facts.leaks, facts.first_leaks, "no two equal or near documents, and no equal answers, in two splits"
    )
    yield _none(
        "ever in training",
        facts.trained_before,
        facts.first_trained,
        "no held-out document that a published version trains on",
    )
    yield _none(
        "open calls",
        facts.open_calls,
        facts.first_open,
        "an answer, or a final state, for every kept document and variant",
    )
    yield _none(
        "unanswered calls", facts.unanswered, facts.first_unanswered, "examples whose calls were answered, in ops.calls"
    )
    yield _personal(facts)
    yield _licences(gate, facts)
    for split in SPLITS:
        least, rows = getattr(gate.rows, split), facts.rows.get(split, 0)
        yield Finding(f"{split} rows", f"{rows:,}", f"at least {least:,}", rows < least)
    total = sum(facts.rows.values())
    yield Finding("examples", f"{total:,}", "at least 1", total < 1)
    yield _change(gate, facts)
    if facts.prompts:
        changed = [name for name, same in sorted(facts.prompts.items()) if not same]
        found = f"another text of {', '.join(changed)}" if changed else "the same"
        yield Finding(
            "prompts",
            found,
            "the prompts that the answers were asked with: restore them, or teach and assemble again",
            bool(changed),
        )


def _none(rule: str, count: int, first: tuple[str, ...], expected: str) -> Finding:
    named = f" ({', '.join(first)}{', ...' if count > len(first) else ''})" if first else ""
    return Finding(rule, f"{count:,}{named}", expected, count > 0)


def _personal(facts: Facts) -> Finding:
    personal = facts.personal
    found = "none"
    if personal.total:
        first = ", ".join(personal.examples)
        found = f"{', '.join(shares(personal.kinds))} in {personal.texts:,} texts, such as of the examples {first}"
    if facts.keeps_personal:
        return Finding("personal data", found, "any: documents.pii is keep", held=False)
    return Finding("personal data", found, "none in texts, titles and answers", personal.total > 0)


def _licences(gate: DatasetGate, facts: Facts) -> Finding:
    allowed = frozenset(gate.licences)
    refused = {name: count for name, count in facts.licences.items() if allowed and name not in allowed}
    expected = f"only {', '.join(gate.licences)}" if allowed else "any: gate.licences names none"
    return Finding("licences", _counted(refused or facts.licences), expected, bool(refused))


def _change(gate: DatasetGate, facts: Facts) -> Finding:
    if facts.previous is None or not facts.previous_examples:
        return Finding("change", "no version published before", f"at most {gate.most_change:.1%}", held=False)
    share = facts.lost_examples / facts.previous_examples
    before = f"{facts.previous_examples:,} examples of version {facts.previous}"
    found = f"{facts.lost_examples:,} of {before} gone or changed ({share:.1%})"
    return Finding("change", found, f"at most {gate.most_change:.1%}", share > gate.most_change)


def _counted(licences: Mapping[str | None, int]) -> str:
    """Licences with their examples, the most frequent first."""
    ordered = sorted(licences.items(), key=lambda one: (-one[1], one[0] or ""))
    return ", ".join(f"{name or 'no licence'} ({count:,})" for name, count in ordered) or "no examples"
