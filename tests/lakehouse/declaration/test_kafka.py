"""The section ``kafka`` of a source."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import yaml

from lakehouse.declaration import Kafka
from lakehouse.settings import PROJECT_ROOT
from tests.lakehouse.extraction.kafka_source import source


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"topic": ""}, "String should match pattern"),
        ({"topic": "a b"}, "String should match pattern"),
        ({"topic": ".."}, "String should match pattern"),
        ({"topic": "a" * 250}, "at most 249"),
        ({"value": "avro"}, "Input should be 'json'"),
        ({"since": "yesterday"}, "valid date"),
        ({"fields": {"deleted": "gone"}}, "has nothing but its key"),
        ({"fields": {"key": "a", "offset": "a"}}, "a is there twice|twice"),
        ({"group": "mine"}, "Extra inputs"),
    ],
)
def test_what_kafka_or_the_platform_can_not_take_is_refused(section: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Kafka.model_validate({"connection": "events", "topic": "orders", **section})


def test_names_that_kafka_allows_are_taken() -> None:
    for name in ("orders", "Orders.v1", "_x", "a-b_c.D", "...a"):
        assert Kafka(connection="events", topic=name).topic == name


def test_fields_have_to_be_columns_and_a_topic_is_no_snapshot() -> None:
    with pytest.raises(
        ValueError, match=r"kafka\.fields: unknown sent; expected one of the columns of source kafka_shops"
    ):
        source("orders", fields={"timestamp": "sent"})
    with pytest.raises(ValueError, match="kafka: reads what has changed, which is no snapshot"):
        source("orders", delivers="snapshot")
    assert source("orders", fields={"key": "shop"}).extracted


def test_the_examples_of_the_documentation_are_right() -> None:
    page = (PROJECT_ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    found = [
        Kafka.model_validate(yaml.safe_load(line)["kafka"]) for line in re.findall(r"^ +kafka: .*$", page, re.MULTILINE)
    ]
    assert [one.since for one in found] == [None, dt.date(2024, 1, 1)]
    assert found[1].fields.names == ("order_id", "sent_at", "cancelled")
