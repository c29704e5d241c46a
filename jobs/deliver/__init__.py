"""From gold scores to where they are used: a table of an SQL database, a MongoDB collection, files."""
