"""From a database, or whatever a use case reads by itself, to the landing zone."""
