"""Extraction: a window of a MongoDB collection, or of what a use case fetches, becomes a landed file, which ingest reads.

    extraction_window  what belongs to a day's delivery
    documents          reading them in an order that can be resumed
    landing_file       writing them, completely or not at all
    envelope           the file's first and last line: its query window, and its number of documents
    connection         the client for an address, outside Airflow
    failures           errors of MongoDB's driver as named errors without secrets
    extract            all of it together

    fetch              the same for a use case's own extract.py
    fetch_failures     what that raises as named errors without secrets
    row_store          its rows on disk, in one order
    http_pages, passes what it may use: pages of HTTP services (http_page: one of them), reading until nothing changes

Spark's Python workers import this package for the envelope, so nothing is imported here.
"""
