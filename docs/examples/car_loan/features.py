"""The features of car_loan: what the applicant states. Texts are categories, and stay texts."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame

NUMBERS = ("car_value", "debt_to_income_ratio", "loan_length", "driver_tenure")
CATEGORIES = ("salary_range", "repaid_loan_on_prev_car", "size_of_downpayment")


def build(days: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row an application of ``days``."""
    applications = inputs["loan_applications"].join(days, "partition", "left_semi")
    return applications.select("application", "partition", *NUMBERS, *CATEGORIES)
