from jobs.report.drawing import Frame


def test_a_day_without_a_value_is_a_gap_and_one_between_two_gaps_a_dot():
    frame = Frame(6, 0.0, 10.0, width=108, height=28, pad=4)
    assert frame.line([0.0, 10.0, None, 5.0, None, 2.5]) == "M4 24L24 4M64 14h0.01M104 19h0.01"
    assert frame.line([None] * 6) == ""


def test_a_value_beyond_the_picture_is_drawn_at_its_end_and_one_day_is_no_division_by_nothing():
    frame = Frame(1, 0.0, 1.0)
    assert frame.y(7.0) == frame.y(1.0) == 4 and frame.y(-1) == frame.y(0.0) == 42
    assert Frame(1, 0.0, 0.0).line([0.0]) == "M4 42h0.01"


def test_a_limit_steps_where_it_changes_and_is_kept_over_a_gap():
    frame = Frame(3, 0.0, 2.0, width=24, height=28, pad=4)
    assert frame.steps([1.0, None, 2.0]) == "M0 14H16V4H24"
    assert frame.steps([None, None, None]) == ""
