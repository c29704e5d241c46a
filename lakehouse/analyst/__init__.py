"""What analysts use: a list of the lakehouse's tables, and SQL over them, with DuckDB and delta-rs alone.

No Spark and no JVM: the answer to a small question takes a second or two, and nothing here can change a table.
"""
