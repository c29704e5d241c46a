"""The calls about a dataset's documents: made within a budget, written down before and after, none paid twice."""
