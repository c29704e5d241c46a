"""Whether a use case's rules and fallbacks can be followed: names, types, what they decide, and rules that can never decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.declaration import decision_path, reserved_names, rule_proof
from lakehouse.declaration.row_rules import Node, RuleError, parse
from lakehouse.declaration.rule_proof import Case
from lakehouse.declaration.rules import BASE_RATE, LAST_SCORE, MODEL, Decided, Rule
from lakehouse.declaration.section import twice, unknown
from lakehouse.declaration.value_limits import Limits

if TYPE_CHECKING:
    from lakehouse.declaration.use_case import UseCase


def problems(use_case: UseCase) -> Iterator[str]:
    """What does not fit."""
    asked = [rule.send_to for rule in use_case.rules if rule.send_to is not None]
    for target in use_case.deliver:
        if target.sent_to is not None:
            what = "those that a rule sends rows to (send_to)"
            yield from unknown(f"deliver.{target.name}.sent_to", [target.sent_to], list(dict.fromkeys(asked)), what)
    if use_case.fallback_at is not None and not use_case.fallback:
        yield f"fallback_at: expected a section fallback, which says what scores at {use_case.fallback_at}, found none"
    if not use_case.judged:
        return
    named = [one.rule.name for one in use_case.fallback if one.rule is not None]
    names = [*(rule.name for rule in use_case.rules), *named]
    yield from twice("rules and fallback", names)
    if taken := sorted({MODEL, LAST_SCORE, BASE_RATE}.intersection(names)):
        yield f"rules and fallback: {', '.join(taken)} is the platform's own name of what decides; expected another name"
    columns = (*use_case.entity.key, *use_case.feature_names)
    if taken := sorted(reserved_names.OF_RULES.intersection(columns)):
        yield f"entity.key or features: {', '.join(taken)} belong to the platform's tables of scores; expected other names"
    yield from _fallbacks(use_case)
    conditions = dict[str, Node]()
    for rule in use_case.rules:
        yield from _action(use_case, rule)
        try:
            conditions[rule.name] = parse(rule.when, decision_path.scored_types(use_case))
        except RuleError as error:
            yield f"rules.{rule.name}.when: {rule.when!r}: {error}"
    if len(conditions) == len(use_case.rules):
        yield from _never(use_case, conditions)


def _action(use_case: UseCase, rule: Rule) -> Iterator[str]:
    """An action that the label knows."""
    task, field = use_case.model.task, f"rules.{rule.name}"
    if rule.decide is not None:
        yield from _decided(use_case, f"{field}.decide", rule.decide)
    if rule.action == "limit" and task == "multiclass":
        yield f"{field}: cap and floor: a multiclass has a score of what was decided; expected decide, with a class"
    for name, bound in (("cap", rule.cap), ("floor", rule.floor)):
        if bound is not None and use_case.binary and not 0 <= bound <= 1:
            yield f"{field}.{name}: expected a probability, from 0 to 1, found {bound:g}"
    if rule.use_fallback and not use_case.fallback:
        yield f"{field}.use_fallback: expected a section fallback, which says what scores these rows, found none"


def _decided(use_case: UseCase, field: str, value: Decided) -> Iterator[str]:
    if use_case.binary:
        if not isinstance(value, bool):
            yield f"{field}: expected true or false, found {value!r}"
    elif use_case.classes:
        if isinstance(value, bool) or str(value) not in use_case.classes:
            yield f"{field}: expected one of the classes ({', '.join(use_case.classes)}), found {value!r}"
    else:
        yield f"{field}: a regression decides nothing; expected cap, floor or score"


def _fallbacks(use_case: UseCase) -> Iterator[str]:
    chain, whole = use_case.fallback, [place for place, one in enumerate(use_case.fallback) if one.covers_all]
    for name in (LAST_SCORE, BASE_RATE):
        if sum(one.name == name and one.rule is None for one in chain) > 1:
            yield f"fallback: {name} is declared twice"
    if chain and not whole:
        yield "fallback: some rows would have no score; expected base_rate: true, or a rule without when, at the end"
    elif chain and whole[0] < len(chain) - 1:
        after = ", ".join(one.name for one in chain[whole[0] + 1 :])
        yield f"fallback: {chain[whole[0]].name} has a score for every row, and {after} after it none to give; expected it last"
    for one in chain:
        if (rule := one.rule) is None:
            continue
        field = f"fallback.{rule.name}"
        if rule.decide is not None:
            yield from _decided(use_case, f"{field}.decide", rule.decide)
        if use_case.classes:
            if rule.score is not None or rule.decide is None:
                yield f"{field}: a multiclass needs the class that is decided; expected decide, and no score"
        elif rule.score is None:
            yield f"{field}.score: is missing; the row needs a score besides what is decided"
        elif use_case.binary and not 0 <= rule.score <= 1:
            yield f"{field}.score: expected a probability, from 0 to 1, found {rule.score:g}"
        if rule.when is None:
            continue
        try:
            parse(rule.when, decision_path.entity_types(use_case))
        except RuleError as error:
            yield f"{field}.when: {rule.when!r}: {error}; there is no score yet when a fallback is asked"


def _never(use_case: UseCase, conditions: dict[str, Node]) -> Iterator[str]:
    """Rules that provably never decide: no row fulfils the condition, or an earlier rule takes each that does."""
    world, before = _world(use_case), list[tuple[Rule, list[Case], list[Case]]]()
    # A rule that sends rows to the fallback is followed before all others, and takes none from them.
    for rule in sorted(use_case.rules, key=lambda one: not one.use_fallback):
        try:
            known = rule_proof.cases(conditions[rule.name], world)
            effective = known
            if rule.action == "limit":
                beyond = rule_proof.score_beyond(rule.cap, rule.floor, decision_path.SCORE)
                effective = rule_proof.joined(known, beyond)
        except rule_proof.TooMany:
            continue
        if not effective:
            why = "no row has such a score" if known else f"{rule.when!r} can't be true of any row"
            yield f"rules.{rule.name}: never decides: {why}; correct the condition, or remove the rule"
            continue
        earlier = [one for one in before if one[0].use_fallback == rule.use_fallback]
        if hiding := _hiding(effective, earlier):
            yield (
                f"rules.{rule.name}: never decides: wherever its condition is true, {hiding} decides first; put it before, or "
                "remove one of them"
            )
        for other, cases, _ in earlier:
            if _loosens(other, rule) and rule_proof.implied(known, cases):
                yield (
                    f"rules.{rule.name}: contradicts {other.name}, which comes first and leaves scores beyond this rule's bound in "
                    "the same rows; put the stricter rule first, or make it one"
                )
        before.append((rule, known, effective))


def _hiding(effective: list[Case], earlier: list[tuple[Rule, list[Case], list[Case]]]) -> str:
    """The names of the rules that come first and take every row; empty when none do, provably."""
    for other, _, cases in earlier:
        if rule_proof.implied(effective, cases):
            return f"rule {other.name}"
    together = [case for _, _, cases in earlier for case in cases]
    if together and rule_proof.implied(effective, together):
        return f"one of {', '.join(other.name for other, _, _ in earlier)}"
    return ""


def _loosens(first: Rule, second: Rule) -> bool:
    """Whether the first rule sets scores to what the second does not allow."""
    caps = first.cap is not None and second.cap is not None and first.cap > second.cap
    return caps or (first.floor is not None and second.floor is not None and first.floor < second.floor)


def _world(use_case: UseCase) -> Case:
    """What is known of each column before any condition: the contract's bounds, and what a score can be."""
    features = {feature.name for feature in use_case.table_features}
    limits = dict[str, Limits]()
    for column in use_case.source(use_case.entity.source).columns:
        # Of a column that may be null nothing is claimed: bounds of values would say that it is not.
        if column.name not in features and not column.nullable:
            among = None if column.allowed is None else frozenset(column.allowed)
            limits[column.name] = Limits(column.minimum, column.maximum, among=among, null=False)
    if use_case.binary or use_case.classes:
        limits[decision_path.SCORE] = Limits(0.0, 1.0, null=False)
    if use_case.classes:
        limits[decision_path.DECISION] = Limits(among=frozenset(use_case.classes), null=False)
    return Case(limits)
