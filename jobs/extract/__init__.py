"""From a MongoDB collection, or a service that a use case's own code reads, to the landing zone."""
