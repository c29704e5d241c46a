"""The embedded stack: Airflow, MLflow and Spark on one machine, bound to 127.0.0.1.

`python -m stack up|down|status` for people, `stack.lifecycle` for the demo and the tests.
"""
