"""Rules and fallbacks that can't be followed, or can never decide, are told when they are declared."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from lakehouse import tables
from lakehouse.declaration import deliver, loader, reserved_names, row_rules, rule_proof
from lakehouse.declaration.rule_proof import Case
from lakehouse.declaration.value_limits import Limits
from lakehouse.errors import DeclarationError
from lakehouse.row_rules import evaluation
from lakehouse.settings import PROJECT_ROOT
from tests.jobs import appointments

BASE = [{"base_rate": True}]


def rule(name: str, when: str, **does: Any) -> dict[str, Any]:
    return {"name": name, "when": when, **does}


def declare(root: Path, rules: Any = (), fallback: Any = (), **sections: Any) -> Any:
    return appointments.declare(root, rules=list(rules), fallback=list(fallback), **sections)


def test_a_use_case_without_rules_is_what_it_was(tmp_path: Path) -> None:
    use_case = appointments.declare(tmp_path)
    said = use_case.model_dump(mode="json")
    assert not use_case.judged and not {"rules", "fallback", "worth"} & said.keys()


@pytest.mark.parametrize(
    ("rules", "fallback", "expected"),
    [
        ([rule("a", "true")], (), "expected one of decide, cap or floor, block, send_to and use_fallback, found none"),
        ([rule("a", "true", block=True, cap=0.5)], (), "found limit and block"),
        ([rule("a", "true", cap=0.2, floor=0.5)], (), "floor: expected at most cap (0.2), found 0.5"),
        ([rule("a", "clinc = 'x'", block=True)], (), "rules.a.when: \"clinc = 'x'\": unknown column clinc; did you mean clinic"),
        ([rule("a", "clinic > 3", block=True)], (), "CAST one of them"),
        ([rule("a", "score", block=True)], (), "expected a condition that is true or false, found score (a double)"),
        ([rule("a", "true", decide="yes")], (), "rules.a.decide: expected true or false, found 'yes'"),
        ([rule("a", "true", cap=2)], (), "rules.a.cap: expected a probability, from 0 to 1, found 2"),
        ([rule("a", "true", use_fallback=True)], (), "rules.a.use_fallback: expected a section fallback"),
        ([rule("a", "age > 1", block=True), rule("a", "age < 1", cap=0.5)], (), "rules and fallback: declared twice: a"),
        ([rule("base_rate", "true", block=True)], (), "base_rate is the platform's own name"),
        ((), [{"last_score": {"days": 7}}], "some rows would have no score; expected base_rate: true"),
        ((), [*BASE, {"last_score": {"days": 7}}], "last_score after it none to give; expected it last"),
        ((), [{"last_score": {"days": 0}}, *BASE], "fallback.0.last_score.days"),
        ((), [{}], "expected one of last_score, base_rate, rule, found none"),
        ((), [{"rule": {"name": "w", "when": "score > 1", "score": 0.1}}, *BASE], "there is no score yet"),
        ((), [{"rule": {"name": "w", "decide": True}}], "fallback.w.score: is missing"),
        # What can never decide.
        ([rule("a", "score > 1.5", block=True)], (), "rules.a: never decides: 'score > 1.5' can't be true of any row"),
        ([rule("a", "age < 1 and age > 2", block=True)], (), "can't be true of any row"),
        ([rule("a", "clinic = 'x' and clinic = 'y'", block=True)], (), "can't be true of any row"),
        ([rule("a", "clinic is null and clinic = 'y'", block=True)], (), "can't be true of any row"),
        ([rule("a", "appointment is null", block=True)], (), "can't be true of any row"),
        ([rule("a", "score < 0.4", cap=0.6)], (), "rules.a: never decides: no row has such a score"),
        ([rule("a", "true", block=True), rule("b", "age > 1", cap=0.5)], (), "wherever its condition is true, rule a"),
        ([rule("a", "age > 1", block=True), rule("b", "age > 1", decide=True)], (), "rule a decides first"),
        ([rule("a", "score > 0.5", decide=True), rule("b", "score > 0.8 and age > 1", block=True)], (), "rule a decides first"),
        ([rule("a", "clinic in ('x', 'y')", decide=True), rule("b", "clinic = 'y'", decide=False)], (), "rule a decides first"),
        ([rule("a", "clinic is not null", decide=True), rule("b", "clinic > 'y' and age > 1", block=True)], (), "rule a"),
        ([rule("a", "lower(clinic) = 'x'", decide=True), rule("b", "age > 1 and lower(clinic) = 'x'", block=True)], (), "rule a"),
        ([rule("a", "age > 1", cap=0.6), rule("b", "age > 1", cap=0.8)], (), "rule a decides first"),
        ([rule("a", "age > 1", cap=0.8), rule("b", "age > 2", cap=0.6)], (), "rules.b: contradicts a, which comes first"),
        ([rule("a", "clinic = 'x'", block=True), rule("c", "clinic = 'y'", block=True),
          rule("b", "clinic = 'x' or clinic = 'y'", decide=True)], (), "one of a, c decides first"),
    ],
)  # fmt: skip
def test_what_can_not_be_followed_is_told_with_its_name(
    tmp_path: Path, rules: Any, fallback: Any, expected: str
) -> None:
    with pytest.raises(DeclarationError) as raised:
        declare(tmp_path, rules, fallback)
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    "rules",
    [
        # A cap leaves rows to later rules, and so does a narrower condition; what can't be proved is not claimed.
        [rule("a", "true", cap=0.8), rule("b", "age > 1", decide=True)],
        [rule("a", "score > 0.8", decide=True), rule("b", "score > 0.5", decide=False)],
        [rule("a", "age > 1", cap=0.6), rule("b", "age > 1", cap=0.8, floor=0.1)],
        [rule("a", "clinic = 'x'", block=True), rule("b", "clinic is null", block=True)],
        [rule("a", "age > lead_days", block=True), rule("b", "age >= lead_days + 1D", cap=0.5)],
        [rule("a", "weekday(partition) > 4", send_to="desk"), rule("b", "decision and age > 3", decide=False)],
    ],
)
def test_rules_that_can_decide_are_taken(tmp_path: Path, rules: Any) -> None:
    assert declare(tmp_path, rules).judged


WORDS = ("and", "or")
COLUMNS = {"a": "int", "b": "double", "t": "string", "x": "boolean"}
ATOMS = [
    *(f"a {sign} {value}" for sign in ("<", "<=", "=", "<>", ">", ">=") for value in (0, 1, 2)),
    *(f"b {sign} {value}" for sign in ("<", "<=", ">", ">=") for value in ("0.5", "1.5")),
    *("t = 'p'", "t in ('p', 'q')", "t not in ('q', 'r')", "t is null", "t is not null", "a is null", "b is not null"),
    *(
        "x",
        "not x",
        "x is true",
        "x = true",
        "a between 0 and 1",
        "b > a",
        "t like 'p%'",
        "coalesce(x, false)",
        "1 < 2",
    ),
]


def drawn(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.3:
        return f"({dice.choice(ATOMS)})"
    parts = [drawn(dice, depth - 1) for _ in range(dice.randint(1, 3))]
    joined = f"({f' {dice.choice(WORDS)} '.join(parts)})"
    return f"(not {joined})" if dice.random() < 0.25 else joined


def every_row() -> pa.Table:
    values: dict[str, list[Any]] = {
        "a": [None, -1, 0, 1, 2, 3],
        "b": [None, 0.25, 0.5, 1.0, 1.5, 2.0],
        "t": [None, "p", "q", "r"],
        "x": [None, True, False],
    }
    grid = np.meshgrid(*(np.arange(len(found)) for found in values.values()), indexing="ij")
    types = {"a": pa.int32(), "b": pa.float64(), "t": pa.string(), "x": pa.bool_()}
    return pa.table(
        {
            name: pa.array(found, types[name]).take(pa.array(places.ravel()))
            for (name, found), places in zip(values.items(), grid, strict=True)
        }
    )


@pytest.mark.parametrize("seed", range(8))
def test_what_is_proved_is_true_of_every_row(seed: int) -> None:
    dice, rows = random.Random(seed), every_row()

    def true(condition: str) -> Any:
        outcome = evaluation.evaluate(f"coalesce(({condition}), false)", COLUMNS, rows)
        return ~np.asarray(pc.or_(outcome.broken, outcome.failed))

    proved = 0
    for _ in range(60):
        one, other = drawn(dice, 2), drawn(dice, 2)
        try:
            first, second = (rule_proof.cases(row_rules.parse(text, COLUMNS), Case()) for text in (one, other))
            both = rule_proof.joined(first, second)
        except rule_proof.TooMany:
            continue
        if not first:
            assert not true(one).any(), one
        if not both:
            assert not (true(one) & true(other)).any(), (one, other)
        if rule_proof.implied(both, second):
            proved += 1
        if rule_proof.implied(first, second):
            assert not (true(one) & ~true(other)).any(), (one, other)
    # Both at once are always within each of the two, and most of that is found.
    assert proved > 40


def test_limits_of_values_that_exclude_one_another_have_nothing_in_common() -> None:
    assert Limits(low=1, above=True, null=False).both(Limits(high=1, null=False)) is None
    assert Limits(low=1, null=False).both(Limits(high=1, null=False)) == Limits(low=1, high=1, null=False)
    assert Limits(null=True).both(Limits(low=1, null=False)) is None


def test_the_examples_of_the_documentation_are_right(lakehouse_root: Path, tmp_path: Path) -> None:
    page = (PROJECT_ROOT / "docs/rules-and-fallbacks.md").read_text(encoding="utf-8")
    example = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    content = yaml.safe_load((PROJECT_ROOT / "tests/use_cases/bakery_sales/use_case.yaml").read_text(encoding="utf-8"))
    folder = tmp_path / "bakery_sales"
    folder.mkdir()
    (folder / "features.py").write_text("def build(days, inputs):\n    raise NotImplementedError\n", encoding="utf-8")
    (folder / loader.FILE).write_text(yaml.safe_dump({**content, **example}), encoding="utf-8")
    use_case = loader.load(folder / loader.FILE)
    assert [one.name for one in use_case.rules] == ["no_history", "closed", "large", "shelf"]
    assert [one.name for one in use_case.fallback] == ["last_score", "as_planned", "base_rate"]
    # The tables of use cases without rules have nothing of them; those with rules what is reserved.
    plain = tables.scores(loader.by_name("bakery_sales")).column_names
    added = set(tables.scores(use_case).column_names) - set(plain)
    assert added == reserved_names.OF_RULES == set(deliver.OF_RULES)
    assert not reserved_names.OF_RULES.intersection(plain)
