"""Housekeeping of all tables."""
