"""How it stands: what the platform's tables say of each use case, dataset and source, for a page. It only reads.

What is read has limits: the last days, the columns that are shown, never a whole table of rows. A table that can't be read makes
an answer that says so, and hides no other.
"""

# So many days are looked back.
DAYS = 60
