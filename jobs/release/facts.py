"""What the gate decides from, all of it found before the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.release.personal_data import Personal


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a version.

    Attributes:
        rows: examples by split.
        leaks: pairs of documents, or of answers, in two splits that are equal or near.
        first_leaks: the first of them, in words.
        trained_before: documents of validation and test that a published version has in training.
        first_trained: the first of them.
        open_calls: kept documents and declared variants whose call has no outcome yet.
        first_open: the first of them.
        unanswered: examples whose call is not one that was answered.
        first_unanswered: the first of them.
        licences: how many examples have each; None: no licence.
        personal: what the texts and answers say of persons.
        keeps_personal: whether that is declared.
        previous: the version that was published last, other than this one; None: there is none.
        previous_examples: how many examples it has.
        lost_examples: how many of them this version does not have.
        prompts: the prompts' files, and whether each is the one that the answers were asked with.
    """

    rows: Mapping[str, int]
    leaks: int = 0
    first_leaks: tuple[str, ...] = ()
    trained_before: int = 0
    first_trained: tuple[str, ...] = ()
    open_calls: int = 0
    first_open: tuple[str, ...] = ()
    unanswered: int = 0
    first_unanswered: tuple[str, ...] = ()
    licences: Mapping[str | None, int] = field(default_factory=dict)
    personal: Personal = field(default_factory=Personal)
    keeps_personal: bool = False
    previous: int | None = None
    previous_examples: int = 0
    lost_examples: int = 0
    prompts: Mapping[str, bool] = field(default_factory=dict)
