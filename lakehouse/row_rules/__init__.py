"""Judging rows by the ``row_rules`` of a contract, on Arrow: no Spark, and light enough for Spark's Python workers."""

from lakehouse.row_rules.evaluation import Outcome, columns_of, evaluate

__all__ = ["Outcome", "columns_of", "evaluate"]
