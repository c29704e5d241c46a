import datetime as dt

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.orchestration.inputs_arrived import InputsArrived
from lakehouse.arrivals import readiness
from lakehouse.declaration import Rhythm, loader


@pytest.fixture
def missing(monkeypatch, parcels):
    """What the ledger is said to miss, by day."""
    table = {}
    monkeypatch.setattr(readiness, "missing_inputs", lambda use_case, day: table.get(day, []))
    return table


def sensor(partition="2024-03-01", through=""):
    return InputsArrived(task_id="inputs_arrived", use_case="parcels", partition=partition, through=through)


def test_waits_in_reschedule_mode():
    assert (sensor().mode, sensor().poke_interval, sensor().timeout) == ("reschedule", 15, 7200)


def test_goes_on_when_the_ledger_misses_nothing(missing):
    assert sensor().poke({})


def test_waits_and_names_what_is_missing_on_any_day_of_the_range(missing, caplog):
    missing[dt.date(2024, 3, 2)] = ["parcel_outcomes 2024-03-01"]
    operator = sensor(through="2024-03-03")
    said = []
    operator.log.info = lambda *words: said.append(words[0] % words[1:])
    assert not operator.poke({})
    assert said == ["parcels of 2024-03-01 to 2024-03-03 still waits for: parcel_outcomes 2024-03-01"]


def test_a_run_without_a_day_fails_at_once(missing):
    with pytest.raises(AirflowFailException, match="Which day"):
        sensor(partition="").poke({})


def test_waits_for_the_scored_days_alone(missing, parcels, monkeypatch):
    mondays = parcels.calendar.model_copy(update={"scores": Rhythm.model_validate({"weekly": ["monday"]})})
    monkeypatch.setattr(loader, "by_name", lambda name: parcels.model_copy(update={"calendar": mondays}))
    missing |= {dt.date(2024, 3, day): ["parcel_plan"] for day in (2, 3)}
    assert sensor("2024-03-02", "2024-03-04").poke({}) and sensor("2024-03-03").poke({})
    missing[dt.date(2024, 3, 4)] = ["parcel_plan 2024-03-04"]
    assert not sensor("2024-03-02", "2024-03-04").poke({})
