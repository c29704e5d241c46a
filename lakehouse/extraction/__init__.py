"""Extraction: a window of a MongoDB collection becomes a landed file, which ingest takes in like any other.

    window         which documents belong to a day's delivery
    documents      reading them in an order that can be resumed
    landing_file   writing them, whole or not at all
    envelope       the file's first and last line: what it is, and that it is whole
    connection     the client for an address, outside Airflow
    failures       what MongoDB's driver raises, as named errors without secrets
    extract        all of it together

Spark's Python workers import this package for the envelope, so nothing is imported here.
"""
