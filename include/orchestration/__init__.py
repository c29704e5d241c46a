"""Shared by the DAG files: assets, the job operator, the sensor, schedules, forms, documentation and defaults.

Parsing a DAG imports this package, so nothing here imports Spark, MLflow or pandas at module level.
"""
