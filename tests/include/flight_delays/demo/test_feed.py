"""The feed simulator, on the real data."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from include.flight_delays.demo.feed import Landed, deliver, main
from lakehouse.errors import BadArguments, ServiceUnavailable

JUNE_3 = date(2013, 6, 3)
FLIGHT = ("carrier", "flight", "origin", "sched_dep_time")


def rows(landing: Path, source: str, day: date) -> list[dict[str, str]]:
    with (landing / source / f"{day.isoformat()}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_day_has_one_file_from_each_daily_source(tmp_path: Path) -> None:
    landed = deliver(tmp_path, JUNE_3, JUNE_3)

    assert landed == [
        Landed("flight_schedule", 1, 982, 1),
        Landed("flight_outcomes", 1, 982, 1),
        Landed("weather", 1, 72, 1),
        Landed("planes", 0, 0, 0),
    ]
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "flight_outcomes/2013-06-03.csv",
        "flight_schedule/2013-06-03.csv",
        "weather/2013-06-03.csv",
    ]


def test_files_hold_the_package_s_own_texts_with_missing_values_empty(tmp_path: Path) -> None:
    new_year = date(2013, 1, 1)
    deliver(tmp_path, new_year, new_year)

    def lines(source: str) -> list[str]:
        return (tmp_path / source / "2013-01-01.csv").read_bytes().decode("utf-8").split("\n")

    assert lines("flight_schedule")[:2] == [
        "carrier,flight,tailnum,origin,dest,sched_dep_time,sched_arr_time,distance",
        "UA,1545,N14228,EWR,IAH,515,819,1400",
    ]
    assert lines("flight_outcomes")[:2] == [
        "carrier,flight,origin,sched_dep_time,dest,tailnum,dep_time,dep_delay,arr_time,arr_delay,air_time",
        "UA,1545,EWR,515,IAH,N14228,517,2,830,11,227",
    ]
    assert lines("flight_outcomes")[-2:] == ["B6,125,JFK,600,FLL,N618JB,,,,,", ""]  # cancelled; the file ends with a LF
    assert lines("weather")[:2] == [
        "origin,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib",
        "EWR,1,39.02,26.06,59.37,270,10.357019999999999,,0,1012,10",
    ]
    assert lines("planes")[:2] == [
        "tailnum,year,type,manufacturer,model,engines,seats,speed,engine",
        "N10156,2004,Fixed wing multi engine,EMBRAER,EMB-145XR,2,55,,Turbo-fan",
    ]


def test_the_order_of_a_schedule_does_not_tell_which_flights_left_late(tmp_path: Path) -> None:
    deliver(tmp_path, JUNE_3, JUNE_3, ["flight_schedule"])

    order = [
        (int(row["sched_dep_time"]), row["carrier"], int(row["flight"]), row["origin"])
        for row in rows(tmp_path, "flight_schedule", JUNE_3)
    ]
    assert order == sorted(order)


def test_every_scheduled_flight_has_one_outcome(tmp_path: Path) -> None:
    deliver(tmp_path, JUNE_3, JUNE_3)

    scheduled, flown = (
        [tuple(row[column] for column in FLIGHT) for row in rows(tmp_path, source, JUNE_3)]
        for source in ("flight_schedule", "flight_outcomes")
    )
    assert len(set(scheduled)) == len(scheduled)
    assert sorted(scheduled) == sorted(flown)


def test_the_year_delivers_every_flight_and_reading_of_the_package_once(tmp_path: Path) -> None:
    landed = deliver(tmp_path, date(2013, 1, 1), date(2013, 12, 31), ["flight_outcomes", "weather"])

    assert landed == [Landed("flight_outcomes", 365, 336_776, 365), Landed("weather", 365, 26_115, 365)]


def test_planes_come_once_with_the_first_day_of_the_year(tmp_path: Path) -> None:
    assert deliver(tmp_path, date(2013, 1, 2), JUNE_3, ["planes"]) == [Landed("planes", 0, 0, 0)]
    assert deliver(tmp_path, date(2013, 1, 1), JUNE_3, ["planes"]) == [Landed("planes", 1, 3_322, 1)]


def test_weather_is_delivered_as_messy_as_it_is(tmp_path: Path) -> None:
    spring, autumn, last = date(2013, 3, 10), date(2013, 11, 3), date(2013, 12, 31)
    for day in (spring, autumn, last):
        deliver(tmp_path, day, day, ["weather"])

    newark = {
        day: [row["hour"] for row in rows(tmp_path, "weather", day) if row["origin"] == "EWR"]
        for day in (spring, autumn)
    }
    assert "2" not in newark[spring]  # the clocks went forward over it
    assert newark[autumn].count("1") == 2  # and back over it
    assert rows(tmp_path, "weather", last) == []  # the package has no reading for the year's last day


def test_delivering_again_leaves_good_files_untouched_and_puts_a_damaged_one_right(tmp_path: Path) -> None:
    deliver(tmp_path, JUNE_3, JUNE_3, ["flight_schedule", "weather"])
    schedule, weather = (tmp_path / source / "2013-06-03.csv" for source in ("flight_schedule", "weather"))
    untouched, whole = schedule.stat(), weather.read_bytes()
    weather.write_bytes(whole[:100])

    landed = deliver(tmp_path, JUNE_3, JUNE_3, ["flight_schedule", "weather"])

    assert [each.written for each in landed] == [0, 1]
    assert (schedule.stat().st_mtime_ns, schedule.stat().st_ino) == (untouched.st_mtime_ns, untouched.st_ino)
    assert weather.read_bytes() == whole


def test_a_delivery_that_fails_half_way_leaves_no_part_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(partial: Path, content: bytes) -> int:
        with partial.open("wb") as stream:
            stream.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(ServiceUnavailable, match="No space left"):
        deliver(tmp_path, JUNE_3, JUNE_3, ["weather"])

    assert list((tmp_path / "weather").iterdir()) == []


@pytest.mark.parametrize(
    ("first", "last", "sources", "message"),
    [
        (date(2012, 12, 31), JUNE_3, None, "2012-12-31 to 2013-06-03 is outside the data"),
        (JUNE_3, date(2014, 1, 1), None, "expected days from 2013-01-01 to 2013-12-31"),
        (JUNE_3, date(2013, 6, 2), None, "the first day, 2013-06-03, is after the last, 2013-06-02"),
        (JUNE_3, JUNE_3, ["wether"], "unknown source 'wether': expected one of flight_schedule, flight_outcomes"),
    ],
)
def test_a_request_that_makes_no_sense_lands_nothing_and_says_why(
    tmp_path: Path, first: date, last: date, sources: list[str] | None, message: str
) -> None:
    with pytest.raises(BadArguments, match=message):
        deliver(tmp_path, first, last, sources)
    assert list(tmp_path.iterdir()) == []


def test_the_command_lands_under_the_landing_root_and_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANDING_ROOT", str(tmp_path))
    command = ["--from", "2013-06-03", "--to", "2013-06-04", "--source", "weather"]

    assert main(command) == 0
    assert (
        capsys.readouterr().out
        == f"weather: 2 deliveries, 144 rows in {tmp_path}/weather (2 written, 0 already there)\n"
    )
    assert main(command) == 0
    assert capsys.readouterr().out.endswith("(0 written, 2 already there)\n")


def test_the_command_explains_a_mistake_in_one_line_and_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", "2013-6-3", "--to", "2013-06-04"]) == 2
    assert capsys.readouterr().err == "error: '2013-6-3' is not a day: expected YYYY-MM-DD, such as 2013-06-01\n"
