import datetime as dt

from jobs.report.sample import window_sample

DAYS = [dt.date(2024, 6, 1), dt.date(2024, 6, 2)]


def test_a_sample_is_small_the_same_each_time_and_from_every_day(spark):
    rows = [(day, key, float(key)) for day in DAYS for key in range(50)]
    features = spark.createDataFrame(rows, "partition date, id int, warm double")
    scores = features.where("partition = DATE '2024-06-02'").selectExpr("partition", "id", "warm / 100 AS score")
    sample = window_sample(features, scores, ("id",), ["warm"], 20).toPandas()
    again = window_sample(features.orderBy("warm"), scores, ("id",), ["warm"], 20).toPandas()
    assert list(sample.columns) == ["partition", "warm", "score"]
    assert len(sample) == 20 and set(sample["partition"]) == set(DAYS)
    assert sample.equals(again)
    assert sample["score"].isna().equals(sample["partition"] == DAYS[0])
