import json

import numpy as np
import pandas as pd
import pytest

from jobs.report import page


@pytest.fixture
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(5)
    reference = pd.DataFrame({name: random.normal(size=300) for name in ("warm", "calm", "score")})
    current = reference.assign(warm=reference["warm"] + 2)
    return current.assign(gone=np.nan, still=1.0), reference.assign(gone=1.0, still=1.0)


def test_a_column_without_a_value_on_one_side_is_not_compared(frames):
    current, reference = frames
    assert page.comparable(current, reference, ["warm", "gone", "score"]) == ["warm", "score"]
    assert page.comparable(reference, current, ["gone", "calm"]) == ["calm"]


def test_the_page_counts_all_columns_and_draws_those_it_is_told_to(frames, tmp_path):
    limits = dict.fromkeys(["warm", "calm", "gone", "still", "score"], 0.2)
    html, numbers = page.write(*frames, limits, ["score", "warm", "gone", "still"], drift_share=0.3, folder=tmp_path)
    text = html.read_text(encoding="utf-8")
    assert "<html" in text[:500].lower()
    found = json.loads(numbers.read_text(encoding="utf-8"))["metrics"]
    values = {item["config"]["column"]: item["value"] for item in found if "column" in item["config"]}
    assert list(values) == ["score", "warm", "still"]
    assert values["warm"] > 0.2
    assert max(values["still"], values["score"]) < 0.01
    (count,) = [item["value"] for item in found if "column" not in item["config"]]
    assert count == {"count": 1.0, "share": 0.25}
