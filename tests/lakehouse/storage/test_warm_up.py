from lakehouse.storage import warm_up


def test_a_scratch_night_is_computed_and_nothing_is_written(spark, lakehouse_root):
    assert warm_up.night(spark) == warm_up.ROWS_A_DAY
    assert not lakehouse_root.exists()
