"""The features of credit_cards: what the application says. Texts are categories, and stay texts."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame

NUMBERS = ("app_behavioral_score", "requested_credit_limit", "credit_bureau_score", "stated_income")
CATEGORIES = ("acq_channel", "app_channel", "is_customer")


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row an application of ``days``."""
    applications = inputs["card_applications"].join(days, "partition", "left_semi")
    return applications.select("application", "partition", *NUMBERS, *CATEGORIES)
