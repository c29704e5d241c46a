"""Judging scores: which rows the model scores and which a fallback, and then the first rule that decides.

The one function of both roles, for few rows in the job's process and for many in Spark's workers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.score.conditions import Conditions
from jobs.score.fallbacks import Fallbacks, code_of
from jobs.score.given_scores import NONE, Bools, Codes, GivenScores, decisions, doubles
from lakehouse.declaration import Rule, UseCase, decision_path
from lakehouse.declaration.rules import FALLBACK, MODEL, RULE


@dataclass(frozen=True)
class Judge:
    """Judges the rows of some days; it can be sent to a worker.

    Attributes:
        rules: in the order in which they are asked.
        version: of rules and fallbacks.
        classes: of a label of several.
        binary: whether the label is yes or no.
        threshold: of the model; None where it has none.
        conditions: judges what rules and fallbacks ask of a row.
        fallbacks: None: not declared.
    """

    rules: tuple[Rule, ...]
    version: str
    classes: tuple[str, ...]
    binary: bool
    threshold: float | None
    conditions: Conditions
    fallbacks: Fallbacks | None

    @classmethod
    def of(cls, use_case: UseCase, days: Collection[dt.date], threshold: float | None) -> Judge:
        """The judge of these days, as the tables are now."""
        return cls(
            rules=use_case.rules,
            version=decision_path.version(use_case),
            classes=use_case.classes,
            binary=use_case.binary,
            threshold=threshold,
            conditions=Conditions.of(use_case, days),
            fallbacks=Fallbacks.of(use_case, days, threshold) if use_case.fallback else None,
        )

    def judge(
        self, rows: pa.Table, model: Mapping[str, pa.Array | pa.ChunkedArray], unscored: Bools, counts: Bools
    ) -> dict[str, pa.Array]:
        """The columns of the scores that rules and fallbacks decide.

        Args:
            rows: of feature rows: the key, ``partition`` and the named features.
            model: ``score``, ``decision`` and probabilities of the model.
            unscored: the rows that it can't score.
            counts: the rows whose decision would count.

        Raises:
            NotScorable: a row that the model can't score has no fallback.
        """
        days = pc.unique(rows.column("partition")).to_pylist()
        if len(days) == 1:
            return self._of_day(rows, model, unscored, counts, days[0])
        found: list[dict[str, pa.Array]] = []
        places: list[NDArray[np.int64]] = []
        for day in days:
            mine = np.flatnonzero(pc.equal(rows.column("partition"), pa.scalar(day)).to_numpy())
            chosen = pa.array(mine)
            own = {name: values.take(chosen) for name, values in model.items()}
            found.append(self._of_day(rows.take(chosen), own, unscored[mine], counts[mine], day))
            places.append(mine)
        order = pa.array(np.argsort(np.concatenate(places), kind="stable")) if places else pa.array([], pa.int64())
        if not found:
            return self._of_day(rows, model, unscored, counts, dt.date.min)
        return {name: pa.concat_arrays([one[name] for one in found]).take(order) for name in found[0]}

    def _of_day(
        self,
        rows: pa.Table,
        model: Mapping[str, pa.Array | pa.ChunkedArray],
        unscored: Bools,
        counts: Bools,
        day: dt.date,
    ) -> dict[str, pa.Array]:
        asked = self.conditions.of_rows(rows, day)
        said = GivenScores.of_columns(model, self.classes)
        said.put(unscored, GivenScores.none(len(rows), tuple(said.probabilities)))
        missing = unscored.copy()
        for rule in self.rules:
            if rule.use_fallback:
                missing |= asked.hold(rule.when, said)
        given, source = said, np.full(len(rows), NONE, dtype=np.int64)
        score_day = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[D]")
        if self.fallbacks is not None and missing.any():
            filled = self.fallbacks.fill(rows, said, missing, day, asked.hold)
            given, source, score_day = filled.given, filled.source, filled.day
        final = GivenScores(given.score, given.decision, given.probabilities)
        withheld, sent_to = np.zeros(len(rows), dtype=bool), np.full(len(rows), NONE, dtype=np.int64)
        ruled = np.full(len(rows), NONE, dtype=np.int64)
        for place, rule in enumerate(self.rules):
            undecided = ruled == NONE
            if rule.use_fallback or not undecided.any():
                continue
            # Each sees the score before any rule: of several that hold the first decides, and alone.
            where = undecided & asked.hold(rule.when, given)
            where = self._apply(rule, where, final)
            if rule.block or rule.send_to is not None:
                withheld |= where
            if rule.send_to is not None:
                sent_to[where & counts] = place
            ruled[where] = place
        fallbacks = () if self.fallbacks is None else tuple(one.name for one in self.fallbacks.chain)
        rules, by_rule, by_model = tuple(rule.name for rule in self.rules), ruled != NONE, source == NONE
        kind = np.where(by_rule, 1, np.where(by_model, 0, 2))
        name = np.where(by_rule, ruled, np.where(by_model, NONE, source + len(rules)))
        return {
            **final.columns(self.classes, self.binary),
            "decides": pa.array(counts & ~withheld),
            "decided_by": _texts(kind, (MODEL, RULE, FALLBACK)),
            "decided_by_name": _texts(name, (*rules, *fallbacks)),
            "withheld": pa.array(withheld),
            "sent_to": _texts(sent_to, tuple(rule.send_to or "" for rule in self.rules)),
            "score_from": _texts(source + 1, (MODEL, *fallbacks)),
            "score_day": pa.array(score_day, pa.date32()),
            "model_score": doubles(said.score),
            "model_decision": decisions(said.decision, self.classes, self.binary),
            "rules_version": _texts(np.zeros(len(rows), dtype=np.int64), (self.version,)),
        }

    def _apply(self, rule: Rule, where: Bools, final: GivenScores) -> Bools:
        """Do what the rule says with these rows; gives those for which that makes a difference."""
        if rule.action == "decide":
            assert rule.decide is not None
            code = code_of(rule.decide, self.classes)
            final.decision = np.where(where, code, final.decision)
            if self.classes:
                names = list(final.probabilities)
                final.score = np.where(where, final.probabilities[names[code]], final.score)
                final.score = np.where(where & np.isnan(final.score), 1.0, final.score)
            return where
        if rule.action == "limit":
            low = -np.inf if rule.floor is None else rule.floor
            high = np.inf if rule.cap is None else rule.cap
            limited = np.clip(final.score, low, high)
            where = where & (limited != final.score) & ~np.isnan(final.score)
            final.score = np.where(where, limited, final.score)
            if self.binary:
                decided = NONE if self.threshold is None else limited >= self.threshold
                final.decision = np.where(where, decided, final.decision).astype(np.int64)
        return where


def _texts(codes: Codes, texts: tuple[str, ...]) -> pa.DictionaryArray:
    """A column of few different texts, by their places; null for NONE."""
    places = pa.array(codes.astype(np.int32), mask=codes == NONE)
    return pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.string()))
