"""What a declaration of a population and a computed label may not say, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.declaration import loader
from lakehouse.errors import DeclarationError
from tests.use_cases import buyers

WINDOW = {"source": "purchases", "from_day": 1, "to_day": 7}
SPLIT = buyers.declaration()["split"]


def source(number: int, **changes: Any) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = buyers.declaration()["sources"]
    sources[number] |= changes
    return sources


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"label": {"source": "purchases"}}, "label: inputs: .*; expected no source beside inputs"),
        ({"label": {"maturity_days": 9}}, "label: inputs: .*; expected no maturity_days beside inputs"),
        ({"label": {"inputs": []}}, "label: source: is missing.*; column: is missing.*; maturity_days: is missing"),
        ({"label": {"inputs": [WINDOW, WINDOW]}}, "label.inputs: declared twice: purchases"),
        ({"label": {"inputs": [WINDOW | {"source": "sales"}]}}, "label.inputs: unknown sales; expected one of"),
        (
            {"label": {"inputs": [WINDOW | {"from_day": -1}]}},
            "label.inputs.0.from_day: .*greater than or equal to 0, found -1",
        ),
        (
            {"label": {"inputs": [WINDOW | {"from_day": 9}]}},
            r"from_day \(9 days after the day\) must not be later than to_day",
        ),
        ({"label": {"inputs": [{"source": "purchases", "to_day": 7}]}}, "label.inputs.purchases.from_day: is missing"),
        (
            {"label": {"inputs": [WINDOW, {"source": "customers", "from_day": 1, "to_day": 7}]}},
            "label.inputs.customers.from_day: an occasional source is read as it is known on the last day of the window",
        ),
        ({"label": {"inputs": [WINDOW | {"to_day": 200}]}}, "no day of the calendar .* expected at most 150"),
        (
            {"split": {**SPLIT, "train": {"first": 60, "last": 33}}},
            r"split.train.last: labels mature after 8 days \(label.inputs\), so 8 days of embargo",
        ),
        ({"split": {**SPLIT, "holdout": {"first": 10, "last": 7}}}, "split.holdout.last: labels mature after 8 days"),
        ({"label": {"at_least": None}}, "label.at_least: a classification needs it"),
        ({"entity": {"where": "joined <= day"}}, "entity.where: 'joined <= day': .*day"),
        ({"entity": {"where": "segment"}}, "entity.where: 'segment': expected a condition"),
        ({"entity": {"rows": "all"}}, "entity.rows"),
        (
            {"sources": source(0, cadence="daily")},
            "entity.rows: known needs a source that is occasional or delivers snapshots",
        ),
        (
            {
                "sources": source(0, cadence="daily", delivers="snapshot", arrives_after_days=1),
                "inputs": [
                    {"source": "customers", "first": 3, "last": 1},
                    {"source": "purchases", "first": 14, "last": 1},
                ],
            },
            "inputs.customers.first: the population is the rows of one snapshot, that of D-last; expected 1 as in last, found 3",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, sections: dict[str, Any], expected: str) -> None:
    with pytest.raises(DeclarationError, match=expected):
        buyers.declare(tmp_path, **sections)


def test_labels_py_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(
        DeclarationError, match=r"label.inputs: expected build.* in labels.py of the same folder, found no such"
    ):
        buyers.declare(tmp_path, labels=None)


def test_a_use_case_reads_what_its_label_reads(tmp_path: Path) -> None:
    use_case = buyers.declare(tmp_path, label={"inputs": [WINDOW]}, inputs=[{"source": "customers"}])
    assert use_case.reads == ("customers", "purchases")
    assert use_case.label_in_words == "value of labels.py (purchases)"


def test_a_label_of_the_same_sources_as_another_use_case_on_its_own_day_loads(tmp_path: Path) -> None:
    """Such as: which of the planned are never reported, by the reports of the very day."""
    windows = [{"source": "purchases", "from_day": 0, "to_day": 0}]
    assert buyers.declare(tmp_path, label={"inputs": windows, "at_least": None, "is": True}).maturity_days == 1


def test_what_uses_nothing_new_says_what_it_said_before(tmp_path: Path) -> None:
    bakery = Path(__file__).parents[2] / "use_cases" / "bakery_sales" / "use_case.yaml"
    found = loader.load(bakery)
    assert found.label.model_dump_json() == (
        '{"source":"bakery_sales_counted","column":"sold","at_least":null,"maturity_days":7}'
    )
    assert found.entity.model_dump_json() == '{"source":"bakery_plan","key":["shop","bread"]}'
