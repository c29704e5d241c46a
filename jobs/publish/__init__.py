"""Keeping serving tables at the newest rows of feature groups, and checking that they have them."""
