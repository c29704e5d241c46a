"""Declarations of use cases: any field drawn from what its type has, and what is none."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.drawn_values import (
    anything,
    columns,
    more_names,
    numbers,
    parameters,
    ranges,
    receivers,
    small,
    texts,
    values,
)

event_days = st.dates() | st.sampled_from(["12-24", "01-01", "02-30", "24-12", "2024-06-01", "", "x"]) | numbers
BASE = yaml.safe_load((Path(__file__).parent / "use_cases" / "bakery_sales" / "use_case.yaml").read_text())
SECTIONS: dict[tuple[str | int, ...], st.SearchStrategy[Any]] = {
    ("calendar", "nightly"): st.sampled_from(
        [
            "30 3 * * *",
            "@daily",
            "0 1 L * *",
            "61 * * * *",
            "0 1 30 2 *",
            "x",
            "* * * * *",
            "0 0 29 2 *",
            "R 1 * * *",
            "0 1 * * 5#5",
        ]
    )
    | st.builds(
        " ".join,
        st.lists(st.sampled_from(["*", "1", "*/5", "1-3", "7", "31", "L", "?", "1,2"]), min_size=4, max_size=6),
    ),
    ("calendar", "timezone"): st.sampled_from(
        ["UTC", "Europe/Paris", "America", "Asia/Kathmandu", "localtime", "Pacific/Apia", ""]
    ),
    ("calendar", "start"): st.dates() | numbers,
    ("calendar", "end"): st.dates() | st.none(),
    ("calendar", "scores"): st.sampled_from(
        ["daily", {"weekly": ["monday"]}, {"weekly": ["monday", "friday"]}, {"monthly": [1, 15]}]
    )
    | st.fixed_dictionaries(
        {}, optional={"weekly": st.lists(texts, max_size=2), "monthly": st.lists(numbers, max_size=3)}
    ),
    ("sources", 0, "columns", 2): columns,
    ("sources", 1, "columns", 2): columns,
    ("sources", 0, "key"): st.lists(more_names, max_size=3),
    ("sources", 0, "name"): more_names,
    ("sources", 0, "volume"): st.fixed_dictionaries(
        {}, optional={n: numbers for n in ("at_least", "at_most", "of_days", "min_days")}
    ),
    ("sources", 0, "freshness", "hours"): numbers,
    ("sources", 1, "arrives_after_days"): numbers,
    ("sources", 1, "cadence"): st.sampled_from(["daily", "occasional"]),
    ("sources", 2, "name"): more_names | st.just("bakery_plan_rejects"),
    ("entity", "key"): st.lists(more_names, max_size=3),
    ("entity", "rows"): st.sampled_from(["of_day", "known"]),
    ("entity", "where"): st.sampled_from(
        ["price > 2", "planned", "partition >= DATE '2024-01-01'", "(", "", "sold = 1"]
    ),
    ("sources", 0, "cadence"): st.sampled_from(["daily", "occasional"]),
    ("sources", 0, "delivers"): st.sampled_from(["changes", "snapshot"]),
    ("inputs",): st.lists(
        st.fixed_dictionaries(
            {"source": st.sampled_from(["bakery_plan", "bakery_sales_counted", "bakery_shops", "x"])},
            optional={"first": small, "last": small},
        ),
        max_size=3,
    ),
    ("features", 0, "name"): more_names,
    ("features", 1, "type"): st.sampled_from(["category", "number"]) | anything,
    ("model", "max_levels"): numbers,
    ("label",): st.fixed_dictionaries(
        {
            "inputs": st.lists(
                st.fixed_dictionaries(
                    {
                        "source": st.sampled_from(["bakery_plan", "bakery_sales_counted", "bakery_shops", "x"]),
                        "to_day": small,
                    },
                    optional={"from_day": small},
                ),
                max_size=2,
            )
        },
        optional={"at_least": numbers, "is": texts | st.booleans(), "maturity_days": small},
    ),
    ("label", "column"): more_names,
    ("label", "maturity_days"): numbers,
    ("label", "at_least"): numbers,
    ("label", "is"): texts | numbers | st.booleans(),
    ("label", "classes"): st.lists(texts | small, max_size=4),
    ("split", "holdout"): st.fixed_dictionaries({"first": small, "last": small}),
    ("model", "task"): st.sampled_from(["regression", "classification", "multiclass"]),
    ("model", "costs"): st.dictionaries(texts, st.dictionaries(texts, numbers, max_size=2), max_size=2),
    ("model", "fixed"): st.dictionaries(parameters, values, max_size=2),
    ("model", "search"): st.dictionaries(parameters, ranges, max_size=2),
    ("model", "trials"): numbers,
    ("model", "early_stopping_rounds"): numbers,
    ("model", "seed"): numbers,
    ("gate", "metric"): st.sampled_from(["rmse", "mae", "r2", "mape", "roc_auc", "precision"]),
    ("gate", "min_improvement"): numbers,
    ("gate", "floors"): st.dictionaries(st.sampled_from(["rmse", "r2", "roc_auc"]), numbers, max_size=2),
    ("gate", "max_slice_worsening"): numbers,
    ("gate", "fairness"): st.lists(
        st.fixed_dictionaries(
            {"slice": more_names, "metric": st.sampled_from(["mae", "recall", "calibration_gap"]), "max_gap": numbers}
        )
    ),
    ("gate", "approval"): st.fixed_dictionaries({}, optional={"hours": numbers}),
    ("drift",): st.fixed_dictionaries(
        {},
        optional={
            n: numbers
            for n in ("window_days", "bins", "ordinary_quantile", "violated_days", "of_days", "cooldown_days")
        }
        | {
            "known_events": st.lists(
                st.fixed_dictionaries({"name": texts, "start": event_days}, optional={"end": event_days}), max_size=2
            )
        },
    ),
    ("retrain",): st.fixed_dictionaries(
        {},
        optional={
            "triggers": st.lists(st.sampled_from(["drift", "performance", "x"]), max_size=2),
            **{name: numbers for name in ("every_days", "new_labels", "cooldown_days", "at_most_a_month")},
        },
    ),
    ("alerts",): st.fixed_dictionaries(
        {},
        optional={
            "late_after": st.sampled_from(["06:30", "23:59", "24:00", "6:30", "", "{{ x }}"]) | numbers,
            "to": st.lists(receivers, max_size=2),
        },
    ),
    ("rollout",): st.fixed_dictionaries(
        {},
        optional={"shadow": st.booleans(), "canary_share": numbers, "former_nights": small, "rollback_margin": numbers},
    ),
    ("slices",): st.lists(more_names, max_size=2),
    ("reasons",): st.fixed_dictionaries(
        {}, optional={"above_threshold": st.booleans(), "top": numbers, "each": numbers}
    ),
    ("owner",): texts,
    ("title",): texts,
}


def changed(base: dict[str, Any], changes: dict[tuple[str | int, ...], Any]) -> dict[str, Any]:
    content = copy.deepcopy(base)
    for path, value in changes.items():
        place: Any = content
        for part in path[:-1]:
            place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
        place[path[-1]] = value
    return content


# The same with a label of several classes.
SEVERAL = changed(
    BASE,
    {
        ("sources", 1, "columns", 2): {"name": "sold", "type": "string", "nullable": True},
        ("label", "classes"): ["x", "a'b", "A", "no"],
        ("model", "task"): "multiclass",
        ("gate",): {"metric": "macro_f1", "min_improvement": 0.0, "floors": {"recall_x": 0.1}},
    },
)
# What of a label of several classes is worth changing.
OF_CLASSES = [
    ("label", "classes"),
    ("model", "costs"),
    ("model", "fixed"),
    ("gate", "metric"),
    ("reasons",),
    ("slices",),
]
drawn = st.lists(st.sampled_from(list(SECTIONS)), min_size=1, max_size=3, unique=True).flatmap(
    lambda paths: st.fixed_dictionaries({path: SECTIONS[path] for path in paths})
)
