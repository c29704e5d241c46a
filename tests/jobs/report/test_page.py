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


def test_a_column_without_a_value_on_one_side_is_not_drawn(frames):
    current, reference = frames
    assert page.drawable(current, reference, ["warm", "gone", "score"]) == ["warm", "score"]
    assert page.drawable(reference, current, ["gone", "calm"]) == ["calm"]


def test_the_page_shows_the_shifted_column_as_drifted_and_the_others_not(frames, tmp_path):
    limits = dict.fromkeys(["warm", "calm", "gone", "still", "score"], 0.2)
    html, numbers = page.write(*frames, limits=limits, drift_share=0.3, folder=tmp_path)
    assert "<html" in html.read_text(encoding="utf-8")[:500].lower()
    found = json.loads(numbers.read_text(encoding="utf-8"))["metrics"]
    values = {item["config"]["column"]: item["value"] for item in found if "column" in item["config"]}
    assert set(values) == {"warm", "calm", "still", "score"}
    assert values["warm"] > 0.2
    assert max(values["calm"], values["still"], values["score"]) < 0.01
