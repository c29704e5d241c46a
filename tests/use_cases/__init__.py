"""Use cases that only the tests know."""
