"""Retiring the versions that nobody needs any more."""
