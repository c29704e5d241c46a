"""Putting away the versions that nobody needs any more."""
