import json

import numpy as np
import pandas as pd
import pytest

from jobs.report import evidently_page as page


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


def test_a_category_is_compared_by_its_levels_and_rare_and_new_ones_are_two_bars(tmp_path):
    random = np.random.default_rng(6)
    known = [f"level {number}" for number in range(30)]
    shares = np.array([10.0] * 20 + [0.5] * 10)
    texts = random.choice(known, 6000, p=shares / shares.sum()).astype(object)
    texts[::11] = None
    reference = pd.DataFrame({"carrier": texts, "zone": texts, "score": random.normal(size=6000)})
    later = np.where(random.random(6000) < 0.3, "new", reference["carrier"])
    current = reference.assign(carrier=later, zone=np.roll(texts, 7), retyped=1.0)
    limits = dict.fromkeys(["carrier", "zone", "score", "retyped"], 0.2)
    html, numbers = page.write(
        current, reference.assign(retyped="1"), limits, ["score", "carrier", "zone"], drift_share=0.3, folder=tmp_path
    )
    found = json.loads(numbers.read_text(encoding="utf-8"))["metrics"]
    values = {item["config"]["column"]: item["value"] for item in found if "column" in item["config"]}
    assert list(values) == ["score", "carrier", "zone"] and values["carrier"] > 0.2 > values["zone"]
    assert html.stat().st_size > 100_000
    together = page.with_rare_together(current[["carrier"]], reference, ["carrier"])["carrier"]
    assert together.nunique() == page.DRAWN_LEVELS + 2 and together.isna().sum() == current["carrier"].isna().sum()
    assert current["carrier"].nunique() == 31
