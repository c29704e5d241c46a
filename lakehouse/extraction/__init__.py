"""Extraction: a window of a database, or of what a use case fetches, becomes a landed file that ingest reads like any other.

    extract            all of it together
    extraction_window  what belongs to a day's delivery
    landing_file       writing it, completely or not at all
    envelope           the file's first and last line: its window, and its number of rows
    landed             the result

    from_mongo         a MongoDB collection: documents (in an order that can be resumed), connection, failures
    from_sql           an SQL table or query: sql_snapshot (one instant), sql_dates, sql_rows; values by postgres_texts,
                       sqlite_instants and local_instants
    from_kafka         a topic: kafka_windows (those that were read), kafka_offsets, kafka_topic (the client), message_order,
                       kafka_lines, kafka_failures
    from_fetch         a function of the use case: fetch_window, fetched_rows, sorted_lines; http_pages for services

Spark's Python workers import this package for the envelope, so nothing is imported here.
"""
