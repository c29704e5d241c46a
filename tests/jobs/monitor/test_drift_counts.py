"""A day is counted once, and again when its rows, the bins or the code are others."""

import numpy as np
import pytest
from deltalake import WriterProperties, write_deltalake

from jobs.monitor import counts, drift_counts, version
from lakehouse import tables
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.storage import arrow_dataset, commits, day_parts, delta_log, partition_rows
from lakehouse.storage.day_files import DayFiles


@pytest.fixture
def counted(toy, monkeypatch):
    """The kind and the number of the day of each file that is counted."""
    seen, really = [], DayFiles.parts

    def watched(self, file, names, groups=None):
        kind = "prediction" if "score" in names else "feature"
        seen.append((kind, (file.partition["partition"] - toy.day(0)).days))
        return really(self, file, names, groups)

    monkeypatch.setattr(DayFiles, "parts", watched)
    return seen


def profile(edges: tuple[float, ...] = (-0.5, 0.5)) -> Profile:
    bins = Distribution(edges=edges, shares=(1.0, *[0.0] * (len(edges) + 1)), ordinary_psi=None)
    names = ("warm", "calm", "gone")
    day = np.datetime64("2023-12-01").item()
    return Profile(day, day, 1, 4, dict.fromkeys(names, bins), Distribution((0.3,), (0.5, 0.5, 0.0), None), {})


def of_days(toy, *numbers: int, model: int = 1, by: Profile | None = None):
    return drift_counts.of_days(toy.use_case, model, by or profile(), [toy.day(number) for number in numbers])


def test_every_row_of_a_day_is_in_one_bin_of_each_declared_feature_and_of_the_score(toy):
    toy.live(0)
    features, scores = of_days(toy, 0, 1)
    assert set(features) == {"warm", "calm"} and set(scores) == {"score"}
    for by_day in (*features.values(), *scores.values()):
        assert set(by_day) == {toy.day(0)} and by_day[toy.day(0)].sum() == 60
    warm = [row["warm"] for row in arrow_dataset.read(tables.features(toy.use_case)).to_pylist()]
    below = sum(value <= -0.5 for value in warm)
    assert features["warm"][toy.day(0)].tolist()[0] == below


def test_the_next_night_counts_the_new_day_alone(toy, counted):
    for number in range(3):
        toy.live(number)
    first = of_days(toy, 0, 1, 2)
    assert sorted(counted) == [(kind, number) for kind in ("feature", "prediction") for number in range(3)]
    counted.clear()
    assert str(of_days(toy, 0, 1, 2)) == str(first) and counted == []
    toy.live(3)
    later = of_days(toy, 1, 2, 3)
    assert sorted(counted) == [("feature", 3), ("prediction", 3)]
    assert later[0]["warm"][toy.day(2)].tolist() == first[0]["warm"][toy.day(2)].tolist()


def test_a_day_that_was_built_or_scored_again_is_counted_again(toy, counted):
    for number in range(3):
        toy.live(number)
    of_days(toy, 0, 1, 2)
    counted.clear()
    for table in (tables.features, tables.scores):
        rows = partition_rows.read(table(toy.use_case), [toy.day(1)])
        again = [row | {"inputs_fingerprint": "corrected", "score": 0.99, "warm": 9.0} for row in rows]
        toy.write(table(toy.use_case), again, f"partition = '{toy.day(1)}'")
        features, scores = of_days(toy, 0, 1, 2)
    assert sorted(counted) == [("feature", 1), ("prediction", 1)]
    assert features["warm"][toy.day(1)].tolist() == [0, 0, 60, 0] and scores["score"][toy.day(1)].tolist() == [0, 60, 0]
    assert features["warm"][toy.day(0)].sum() == 60


def test_other_bins_and_other_code_count_the_window_again(toy, counted, monkeypatch):
    for number in range(2):
        toy.live(number)
    of_days(toy, 0, 1)
    counted.clear()
    features, scores = of_days(toy, 0, 1, model=2, by=profile((0.0,)))
    assert sorted(counted) == [("feature", 0), ("feature", 1)]
    assert [len(of_day) for of_day in features["warm"].values()] == [3, 3] and scores == {"score": {}}
    # Both are kept, each for its version: a rollback finds the former's.
    counted.clear()
    of_days(toy, 0, 1), of_days(toy, 0, 1, model=2, by=profile((0.0,)))
    assert counted == []
    monkeypatch.setattr(version, "COUNTS", version.COUNTS + 1)
    of_days(toy, 0, 1)
    assert len(counted) == 4


def test_a_night_that_is_killed_before_it_keeps_the_counts_makes_them_again(toy, counted, monkeypatch):
    toy.live(0)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(commits, "replace_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            of_days(toy, 0)
    counted.clear()
    of_days(toy, 0)
    assert len(counted) == 2


def test_the_parts_of_a_file_are_all_of_it(toy, monkeypatch):
    toy.live(0)
    table = tables.features(toy.use_case)
    rows = arrow_dataset.read(table)
    small_groups = WriterProperties(max_row_group_size=7, write_batch_size=7)
    write_deltalake(delta_log.location(table), rows, mode="overwrite", writer_properties=small_groups)
    files, bins = DayFiles.of(table, [toy.day(0)]), profile().features
    whole = counts.of_columns(files.read(toy.day(0), ["warm"]), {"warm": bins["warm"]})
    monkeypatch.setattr(day_parts, "ROWS_A_PART", 20)
    parts = list(day_parts.parts_of(files, toy.day(0), whole=False))
    assert len(parts) == 3
    read = [rows for part in parts for rows in files.parts(part.file, ["warm"], part.groups)]
    assert sum(len(rows) for rows in read) == 60
    assert (
        sum(counts.of_columns(rows, {"warm": bins["warm"]})["warm"] for rows in read).tolist() == whole["warm"].tolist()
    )
