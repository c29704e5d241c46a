"""Values of fields of declarations, right and wrong ones."""

from __future__ import annotations

from hypothesis import strategies as st

small = st.integers(min_value=-2, max_value=40)
numbers = st.one_of(
    small, st.sampled_from([0.5, 1.5, -0.1, 1e-9, 1e39, float("nan"), float("inf"), 2**31]), st.floats()
)
names = st.sampled_from(
    ["shop", "bread", "planned", "price", "sold", "partition", "path", "score", "role", "label", "value", "all"]
)
more_names = names | st.sampled_from(
    ["slice_shop", "day_of_week", "inputs_fingerprint", "bakery_plan", "line", "Shop", "_x", "a.b", ""]
)
texts = st.sampled_from(["x", "", "a'b", "a\nb", "{{ x }}", "é", "%s", "*.md", "no"])
anything = st.one_of(numbers, more_names, texts, st.booleans(), st.none(), st.lists(numbers, max_size=2))
parameters = st.sampled_from(
    [
        "eta",
        "max_depth",
        "gamma",
        "subsample",
        "reg_lambda",
        "max_bin",
        "learning_rate",
        "max_leaves",
        "base_score",
        "num_parallel_tree",
        "min_child_weight",
        "scale_pos_weight",
        "huber_slope",
        "tweedie_variance_power",
        "max_dept",
        "seed",
        "objective",
        "booster",
        "colsample_bytree",
        "rate_drop",
        "one_drop",
        "max_delta_step",
        "grow_policy",
        "monotone_constraints",
        "interaction_constraints",
    ]
)
values = numbers | st.sampled_from(
    [
        "count:poisson",
        "reg:gamma",
        "reg:tweedie",
        "reg:logistic",
        "rank:ndcg",
        "reg:absoluteerror",
        "dart",
        "gblinear",
        "lossguide",
        "(1,0,0,-1)",
        "(1,0)",
        "[[0,1],[2,3]]",
        "[[9]]",
        "1e-3",
    ]
)
ranges = st.fixed_dictionaries(
    {"low": numbers, "high": numbers}, optional={"log": st.booleans(), "integer": st.booleans()}
)
columns = st.fixed_dictionaries(
    {"name": more_names, "type": st.sampled_from(["int", "long", "double", "boolean", "date", "timestamp"])},
    optional={"minimum": numbers, "maximum": numbers, "nullable": st.booleans()},
) | st.fixed_dictionaries(
    {"name": more_names, "type": st.just("string")},
    optional={
        "nullable": st.booleans(),
        "allowed": st.lists(texts, max_size=3),
        "pattern": st.sampled_from(["[a-z]+", "a$", "(", "(?i)x", "a{99999999999}", "(?P<y>a)\\1", ""]),
    },
)
receivers = st.fixed_dictionaries(
    {"name": more_names},
    optional={
        "email": st.fixed_dictionaries({"to": st.lists(texts | st.just("a@b.c"), max_size=2)}),
        "webhook": st.fixed_dictionaries({"connection": more_names}, optional={"form": texts | st.just("slack")}),
        "file": st.fixed_dictionaries({}, optional={"path": texts}),
        "events": st.lists(st.sampled_from(["late", "held", "x"]), max_size=2),
    },
)
