"""Judging rows by the ``row_rules`` of a contract, on Arrow: no Spark, and light enough for Spark's Python workers."""

from jobs.ingest.row_rules.evaluation import Outcome, evaluate

__all__ = ["Outcome", "evaluate"]
