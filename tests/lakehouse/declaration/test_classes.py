"""A label of several classes: what a use case declares of it, and what is refused at load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse import tables
from lakehouse.declaration import Label, Model, UseCase, class_names
from lakehouse.errors import DeclarationError
from lakehouse.evaluation import labels
from tests.jobs import cards

TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


def test_what_follows_from_the_classes(tmp_path: Path) -> None:
    use_case = cards.declare(tmp_path)
    assert use_case.classes == ("Basic", "gold card", "platinum") and not use_case.binary
    columns = ("probability_basic", "probability_gold_card", "probability_platinum")
    assert class_names.probability_columns(use_case.label) == columns
    scores = {column.name: column for column in tables.scores(use_case).columns}
    assert scores["decision"].type == "string" and scores["score"].type == "double"
    assert all(scores[name].type == "double" and scores[name].nullable for name in columns)
    assert class_names.cost_matrix(use_case.model, use_case.label) == ((0, 1, 1), (1, 0, 1), (6, 3, 0))
    delivered = use_case.delivered_columns(use_case.deliver[0])
    assert delivered[2:] == ("decision", "score", *columns, "model_version", "prediction_time", "scored_at")
    assert UseCase.model_validate_json(use_case.model_dump_json()) == use_case


def test_a_declaration_without_classes_or_costs_has_the_digest_that_it_had() -> None:
    label = Label(source="a", column="b", maturity_days=1)
    assert label.model_dump_json() == '{"source":"a","column":"b","at_least":null,"maturity_days":1}'
    assert "costs" not in Model(task="regression").model_dump_json()
    assert '"costs":{"a":{"b":2.0}}' in Model(task="multiclass", costs={"a": {"b": 2}}).model_dump_json()


def test_the_tables_of_other_tasks_have_nothing_of_it(lakehouse_root: Path) -> None:
    from lakehouse.declaration import loader

    for name in ("flight_delays", "bakery_sales"):
        columns = {column for table in tables.of_use_case(loader.by_name(name)) for column in table.column_names}
        assert "label_class" not in columns and not any(column.startswith("probability_") for column in columns)
        assert "decision" not in tables.reasons(loader.by_name(name)).column_names


LABEL = {"source": "issued", "column": "card", "maturity_days": 1}


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"label": {**LABEL, "classes": []}}, "label.classes: a multiclass needs them"),
        ({"label": {**LABEL, "classes": ["a"]}}, "classes: expected at least two, found a alone"),
        ({"label": {**LABEL, "classes": ["a", "b", "a"]}}, "classes: declared twice: a"),
        ({"label": {**LABEL, "classes": ["a b", "A-B"]}}, "a b and A-B would both have the column probability_a_b"),
        ({"label": {**LABEL, "classes": ["a", " "]}}, "expected texts that are not empty"),
        ({"label": {**LABEL, "classes": ["a", "b" * 60]}}, "expected at most 51 characters"),
        ({"label": {**LABEL, "classes": ["a", True]}}, "found true, as YAML reads"),
        ({"label": {**LABEL, "classes": [1, 2]}}, "expected values of card, which is string, found 1; quote it"),
        ({"label": {**LABEL, "column": "points", "classes": ["1", "2"]}}, "which is int, found '1'; write whole numbers"),
        ({"label": {**LABEL, "column": "points", "classes": [1, 2**40]}}, "expected whole numbers that points, being int"),
        ({"label": {**LABEL, "column": "limit", "classes": [1, 2]}}, "expected a column of type string, int or long"),
        ({"label": {**LABEL, "column": "kind", "classes": ["a", "c"]}}, "label.classes: unknown c; expected one of the values"),
        ({"label": {**LABEL, "classes": ["a", "b"], "at_least": 1}}, "label.at_least: the classes are the column's values"),
        ({"label": {**LABEL, "classes": ["a", "b"], "is": "a"}}, "label.is: the classes are the column's values"),
        ({"model": {"task": "classification"}, "gate": {"metric": "brier"}}, "label.classes: a classification has none"),
        ({"model": {"costs": {"Basic": {"silver": 1}}}}, "model.costs.Basic: unknown silver"),
        ({"model": {"costs": {"silver": {}}}}, "model.costs: unknown silver"),
        ({"model": {"costs": {"Basic": {"platinum": -1}}}}, "model.costs.Basic.platinum"),
        ({"model": {"cost_of_miss": 3}}, "model.cost_of_miss: is for two classes; expected model.costs"),
        ({"model": {"fixed": {"num_class": 3}}}, "fixed.num_class: is set by the platform, leave it out: it follows from"),
        ({"model": {"fixed": {"objective": "multi:softmax"}}}, "expected one that predicts a multiclass: multi:softprob"),
        ({"model": {"fixed": {"base_score": 0.5}}}, "base_score: changes nothing of a model of several classes"),
        ({"model": {"search": {"scale_pos_weight": {"low": 1, "high": 2}}}}, "scale_pos_weight: changes nothing"),
        ({"gate": {"metric": "roc_auc"}}, "gate.metric: unknown roc_auc; expected one of the metrics of a multiclass"),
        ({"gate": {"floors": {"recall_silver": 0.5}}}, "gate.floors: unknown recall_silver"),
        ({"gate": {"floors": {"recall_platinum": 1.5}}}, "gate.floors.recall_platinum: no model has more than 1"),
        ({"gate": {"floors": {"macro_f1": 1.5}}}, "gate.floors.macro_f1: no model has more than 1"),
        ({"gate": {"fairness": [{"slice": "region", "metric": "alarm_rate", "max_gap": 0.1}]}}, "unknown alarm_rate"),
        ({"reasons": {"above_threshold": True}}, "reasons.above_threshold: a multiclass has no threshold"),
        ({"features": [{"name": "probability_gold", "description": "d"}]}, "probability_gold belong to the platform"),
        ({"features": [{"name": "label_class", "description": "d"}]}, "label_class belong to the platform"),
        ({"deliver": [{"name": "a", "files": {"folder": "x"}, "only_decided": True}]}, "a multiclass decides every row"),
        ({"deliver": [{"name": "a", "files": {"folder": "x"}, "columns": ["probability_x"]}]}, "unknown probability_x"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_does_not_fit_is_refused_at_load(tmp_path: Path, sections: dict[str, Any], expected: str) -> None:
    with pytest.raises((DeclarationError, ValidationError)) as raised:
        cards.declare(tmp_path, **sections)
    assert expected in str(raised.value)


def test_whole_numbers_are_classes_too(tmp_path: Path) -> None:
    label = {**LABEL, "column": "points", "classes": [-1, 0, 10]}
    model = {"costs": {"10": {"0": 4}}}
    gate = {"floors": {"recall_10": 0.1}}
    use_case = cards.declare(tmp_path, label=label, model=model, gate=gate)
    assert use_case.classes == ("-1", "0", "10")
    assert class_names.probability_columns(use_case.label) == ("probability__1", "probability_0", "probability_10")
    value = pa.chunked_array([pa.array([10, None, 0, 5, -1], pa.int32())])
    assert labels.label_of(value, use_case.label).to_pylist() == [2.0, None, 1.0, None, 0.0]
    assert labels.value_of(value, use_case.label).to_pylist() == [10.0, None, 0.0, 5.0, -1.0]
    assert labels.class_of(value).to_pylist() == ["10", None, "0", "5", "-1"]


def test_a_text_is_the_number_of_its_class_and_no_label_where_it_is_none(tmp_path: Path) -> None:
    label = cards.declare(tmp_path).label
    value = pa.chunked_array([["platinum", None], ["gold", "Basic", "basic", ""]])
    assert labels.label_of(value, label).to_pylist() == [2.0, None, None, 0.0, None, None]
    assert labels.value_of(value, label).to_pylist() == [2.0, None, None, 0.0, None, None]


@given(st.lists(TEXTS, min_size=2, max_size=5))
def test_whatever_classes_load_have_columns_of_their_own_that_every_reader_takes(classes: list[str]) -> None:
    try:
        label = Label(source="a", column="b", maturity_days=1, classes=classes)
    except ValidationError:
        return
    columns = class_names.probability_columns(label)
    assert len(set(columns)) == len(classes)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) for name in columns)
