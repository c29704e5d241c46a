"""The label of footfall: the day's pedestrians, where the sensor counted all day."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def build(days: DataFrame, inputs: dict[str, DataFrame]) -> DataFrame:
    """One row a sensor and day. The day on which the clocks go forward has 23 hours."""
    total = F.when(F.count("pedestrians") >= 23, F.sum("pedestrians")).alias("value")
    return inputs["footfall_counts"].groupBy("sensor", "partition").agg(total)
