"""Drawn declarations are edited: the numbers change, and every other byte stays."""

from __future__ import annotations

import random
import re

import pytest
import yaml

from jobs.calibrate.yaml_edit import Edit, edited
from lakehouse.errors import DeclarationError

FIELDS = ("feature_psi_floor", "max_drifted_share", "max_prediction_psi", "max_loss_rise", "violated_days")
WORDS = ("", "chosen by hand", "see 0007; and the wiki: https://x/y", "ümläut — ok", "#5")
COMMENT = "calibrated on 2024-01-01..2024-03-01: 1 of 60 beyond it"


def section(dice: random.Random, style: str, newline: str) -> tuple[list[str], dict[str, float]]:
    """The lines of a section ``drift``, and what it says."""
    chosen = dice.sample(FIELDS, dice.randint(0, len(FIELDS)))
    values = {field: dice.choice([0.5, 0.25, 3, 1.0e-2, 0.30]) for field in chosen}
    written = {field: dice.choice([repr(value), f"{value:.3f}"]) for field, value in values.items()}
    keys = {field: dice.choice([field, f'"{field}"', f"'{field}'"]) for field in chosen}
    note = lambda: (lambda word: f"  # {word}" if word else "")(dice.choice(WORDS))  # noqa: E731
    if style == "braces" or not chosen:
        inner = ", ".join(f"{keys[field]}: {written[field]}" for field in chosen)
        return [f"drift: {{{inner}}}{note()}"], values
    if style == "open braces":
        inner = [f"  {keys[field]}: {written[field]},{note()}" for field in chosen]
        return ["drift: {", *inner, f"}}{note()}"], values
    indent = " " * dice.choice([1, 2, 4])
    lines = [f"drift:{note()}"]
    for field in chosen:
        lines += dice.choice([[], [""], [f"{indent}# {dice.choice(WORDS)}"]])
        lines.append(f"{indent}{keys[field]}:{dice.choice([' ', '   '])}{written[field]}{note()}")
    return lines, values


def document(dice: random.Random, style: str, newline: str) -> tuple[str, dict[str, float]]:
    lines, values = section(dice, style, newline)
    before = ["# the head", 'name: "x"  # quoted', "text: >", "  drift: {max_loss_rise: 1}", "  folded", ""]
    after = ["", "list:", "- {max_loss_rise: 7}  # another", "- [1, 2]", "last: 'it''s'"]
    parts = [*dice.choice([[], ["---"]]), *before[: dice.choice([1, 2, 6])], *lines, *after[: dice.choice([0, 2, 5])]]
    parts = [part for part in parts if part != "list:" or "- [1, 2]" in parts]
    end = dice.choice([newline, "", newline * 2])
    return newline.join(parts) + end, values


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("style", ["block", "braces", "open braces"])
def test_drawn_files_change_in_these_numbers_alone(style: str, newline: str) -> None:
    dice = random.Random(f"{style}{newline!r}")
    for _ in range(60):
        text, values = document(dice, style, newline)
        before = yaml.safe_load(text)
        assert (before["drift"] or {}) == values
        fields = dice.sample(FIELDS, dice.randint(1, len(FIELDS)))
        edits = {field: Edit(dice.choice([0.07, 12.0, 0.00001, 4]), COMMENT) for field in fields}
        new = edited(text, {"drift": edits})
        said = yaml.safe_load(new)
        assert said == {**before, "drift": {**values, **{field: edit.value for field, edit in edits.items()}}}, new
        assert all(isinstance(said["drift"][field], int | float) for field in fields)
        # What is no changed line is there as it was, in its order, with its line end.
        kept = re.split(r"(?<=\n)|(?<=\r)(?!\n)", new)
        same = [line for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text) if line in kept]
        changed = len(re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)) - len(same)
        assert changed <= len(fields) + (style != "block" or not values)
        assert (newline in new) == (newline in text) or newline == "\n" or newline not in text
        if newline != "\n" and newline in text:
            assert not re.search(r"(?<!\r)\n", new) if newline == "\r\n" else "\n" not in new
        # Comments of people are all there.
        for comment in re.findall(r"# [^\r\n]*", text):
            assert comment.rstrip() in new
        # A second time: the same values, the same bytes.
        assert edited(new, {"drift": edits}) == new


def test_a_comment_of_an_earlier_calibration_is_replaced_and_that_of_people_kept() -> None:
    earlier = "calibrated on 2023-01-01..2023-02-01: 0 of 9 beyond it"
    text = f"drift:\n  max_loss_rise: 1  # by hand; {earlier}\n  bins: 5 # calibrated on x\n"
    new = edited(text, {"drift": {"max_loss_rise": Edit(2.5, COMMENT), "bins": Edit(7, COMMENT)}})
    assert new == f"drift:\n  max_loss_rise: 2.5  # by hand; {COMMENT}\n  bins: 7 # {COMMENT}\n"


def test_braces_on_a_line_get_one_short_comment_that_the_next_calibration_replaces() -> None:
    text = "drift: {bins: 5}  # by hand\n"
    for stretch in ("calibrated on a..b", "calibrated on c..d"):
        edits = {"bins": Edit(6, f"{stretch}: 0 of 9 beyond it"), "of_days": Edit(7, f"{stretch}: 1 of 9 beyond it")}
        text = edited(text, {"drift": edits})
        assert text == f"drift: {{bins: 6, of_days: 7}}  # by hand; {stretch}\n"


def test_several_sections_at_once_and_a_section_without_a_plain_value() -> None:
    text = "gate:\n  floors: {roc_auc: 0.6}\n  fairness:\n    - {slice: a}\n\n# drift\ndrift:\n  bins: 5\n"
    sections = {
        "gate": {"min_improvement": Edit(0.002, COMMENT)},
        "drift": {"bins": Edit(6, COMMENT), "of_days": Edit(9, "c")},
    }
    new = edited(text, sections)
    assert new == (
        f"gate:\n  min_improvement: 0.002  # {COMMENT}\n  floors: {{roc_auc: 0.6}}\n  fairness:\n    - {{slice: a}}\n\n"
        f"# drift\ndrift:\n  bins: 6  # {COMMENT}\n  of_days: 9  # c\n"
    )


def test_a_whole_file_in_braces() -> None:
    new = edited(
        "{name: x, drift: {bins: 5}, gate: {}}", {"drift": {"bins": Edit(6, COMMENT)}, "gate": {"a": Edit(1, "c")}}
    )
    assert new == "{name: x, drift: {bins: 6}, gate: {a: 1}}"


def test_an_alias_is_replaced_where_it_is_used() -> None:
    text = "limits: &one 0.5\ndrift:\n  max_loss_rise: *one\n  bins: 5\n"
    new = edited(text, {"drift": {"max_loss_rise": Edit(0.7, COMMENT)}})
    assert yaml.safe_load(new) == {"limits": 0.5, "drift": {"max_loss_rise": 0.7, "bins": 5}}


def test_a_merged_field_is_overridden() -> None:
    text = "usual: &usual {bins: 5, of_days: 3}\ndrift:\n  <<: *usual\n  of_days: 4\n"
    new = edited(text, {"drift": {"bins": Edit(9, COMMENT)}})
    assert yaml.safe_load(new)["drift"] == {"bins": 9, "of_days": 4}


@pytest.mark.parametrize("text", ["usual: &usual {bins: 5}\ndrift: *usual\n", "name: x\n", "drift: 3\n"])
def test_a_section_that_is_not_there_is_refused_with_the_values(text: str) -> None:
    with pytest.raises(DeclarationError, match=r"drift: expected a section .* by hand: bins: 9"):
        edited(text, {"drift": {"bins": Edit(9.0, COMMENT)}})


@pytest.mark.parametrize(
    ("value", "text"), [(1e-05, "0.00001"), (3.0, "3"), (0.30, "0.3"), (1e22, "1" + "0" * 22), (120.0, "120")]
)
def test_numbers_are_written_as_yaml_reads_them(value: float, text: str) -> None:
    assert Edit(value, "").text == text and yaml.safe_load(Edit(value, "").text) == value
