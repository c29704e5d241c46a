"""Extraction: a window of a MongoDB collection becomes a landed file, which ingest reads like any other.

    extraction_window  the documents that belong to a day's delivery
    documents          reading them in an order that can be resumed
    landing_file       writing them, completely or not at all
    envelope           the file's first and last line: its query window, and its number of documents
    connection         the client for an address, outside Airflow
    failures           errors of MongoDB's driver as named errors without secrets
    extract            all of it together

Spark's Python workers import this package for the envelope, so nothing is imported here.
"""
