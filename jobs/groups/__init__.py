"""From silver to the tables of feature groups."""
