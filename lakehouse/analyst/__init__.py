"""What analysts use: a list of the lakehouse's tables, and SQL over them, with DuckDB and delta-rs alone.

No Spark and no JVM: the answer to a small question is there in about a second, and nothing here can change a table.
"""
