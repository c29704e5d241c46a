"""The documents of datasets: which row of each counts, which of them are nearly the same, and what language they are in."""
